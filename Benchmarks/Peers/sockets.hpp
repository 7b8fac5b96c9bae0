// Sockets of the loopback interface, and a link over them: frames of a length and a payload, written into
// one buffer and read from another. What carries the bytes is a `Wire`, a class with
//   Wire(file, Arguments)     takes over a connected socket
//   ssize_t send(bytes, n)    how many went, at least one; else 0 or less
//   ssize_t receive(bytes, n) how many came; 0 at the end, less for an error
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "endpoint.hpp"

namespace peers {

inline bool set_option(int file, int level, int name, int value) {
  return setsockopt(file, level, name, &value, sizeof value) == 0;
}

inline sockaddr_in loopback(const std::string &port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(uint16_t(atoi(port.c_str())));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// `buffer`: bytes of both of the system's buffers; 0 leaves them to the system, which lets them grow. Said
/// before two meet: the window that one side offers follows from it.
inline int make_socket(int buffer) {
  const int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (file < 0) fail("socket");
  if (buffer && (!set_option(file, SOL_SOCKET, SO_SNDBUF, buffer) ||
                 !set_option(file, SOL_SOCKET, SO_RCVBUF, buffer)))
    fail("setsockopt");
  return file;
}

inline int listen_at(const std::string &port, int backlog, int buffer = 0) {
  const int file = make_socket(buffer);
  const sockaddr_in address = loopback(port);
  if (!set_option(file, SOL_SOCKET, SO_REUSEADDR, 1) ||
      bind(file, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0 ||
      ::listen(file, backlog) != 0)
    fail("bind or listen");
  return file;
}

inline int without_delay(int file) {
  if (!set_option(file, IPPROTO_TCP, TCP_NODELAY, 1)) fail("TCP_NODELAY");
  return file;
}

inline int connect_to(const std::string &port, int buffer = 0) {
  const int file = make_socket(buffer);
  const sockaddr_in address = loopback(port);
  if (connect(file, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0) fail("connect");
  return without_delay(file);
}

inline int accept_at(int listener) {
  const int file = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (file < 0) fail("accept");
  return without_delay(file);
}

/// Variants whose name begins with `batch` hand over 64 KiB of messages at once, the others each message.
/// The receiver is the same one: it asks for 64 KiB, or for as much as the message that has begun still
/// needs, and walks through the frames. With `-256KiB` both sockets have buffers of that size.
template <class Wire>
class FramedLink {
 public:
  explicit FramedLink(const Arguments &arguments)
      : arguments_(arguments),
        batches_(arguments.variant.rfind("batch", 0) == 0),
        frame_(header + arguments.size),
        out_bytes_(batches_ ? std::max(chunk, frame_) : frame_),
        // Several reads long, so that the start of a frame is seldom moved.
        in_bytes_(2 * frame_ + 4 * chunk),
        out_(new uint64_t[out_bytes_ / 8]()),
        in_(new uint64_t[in_bytes_ / 8]()) {
    const int buffer = arguments.variant.find("-256KiB") != std::string::npos ? 256 << 10 : 0;
    if (arguments.creates()) {
      listener_ = listen_at(arguments.name, 1, buffer);
    } else {
      wire_.emplace(connect_to(arguments.name, buffer), arguments);
    }
  }

  template <class Fill>
  void send(uint64_t size, Fill fill) {
    if (out_end_ + header + size > out_bytes_) flush();
    uint64_t *frame = out_.get() + out_end_ / 8;
    frame[0] = size;
    fill(frame + 1, size / 8);
    out_end_ += header + size;
    if (!batches_) flush();
  }

  void flush() {
    accept_once();
    const char *at = reinterpret_cast<const char *>(out_.get());
    while (out_end_ > 0) {
      const ssize_t count = wire_->send(at, out_end_);
      if (count <= 0) fail("send");
      at += count;
      out_end_ -= size_t(count);
    }
  }

  template <class Use>
  void receive(Use use) {
    while (in_end_ - in_begin_ < header) read_more(header);
    const uint64_t size = in_[in_begin_ / 8];
    if (size % 8 != 0 || header + size > frame_) fail("a frame is too long");
    while (in_end_ - in_begin_ < header + size) read_more(header + size);
    use(in_.get() + in_begin_ / 8 + 1, size / 8);
    in_begin_ += header + size;
  }

 private:
  static constexpr size_t header = 8, chunk = 64 << 10;

  /// Not when it is made: the other side is told first that it can connect.
  void accept_once() {
    if (wire_) return;
    const int file = accept_at(listener_);
    close(listener_);
    wire_.emplace(file, arguments_);
  }

  /// Reads towards a frame of `wanted` bytes, of which there are less.
  void read_more(size_t wanted) {
    accept_once();
    char *bytes = reinterpret_cast<char *>(in_.get());
    const size_t have = in_end_ - in_begin_, ask = std::max(chunk, wanted - have);
    if (have == 0 || in_end_ + ask > in_bytes_) {
      // The start of one frame: frames begin at multiples of 8, here as there.
      memmove(bytes, bytes + in_begin_, have);
      in_begin_ = 0;
      in_end_ = have;
    }
    const ssize_t count = wire_->receive(bytes + in_end_, std::min(ask, in_bytes_ - in_end_));
    if (count <= 0) fail("recv");
    in_end_ += size_t(count);
  }

  const Arguments arguments_;
  const bool batches_;
  const size_t frame_, out_bytes_, in_bytes_;
  const std::unique_ptr<uint64_t[]> out_, in_;
  size_t out_end_ = 0, in_begin_ = 0, in_end_ = 0;
  int listener_ = -1;
  std::optional<Wire> wire_;
};

}  // namespace peers
