// What a C programmer writes: blocking sockets, TCP_NODELAY, and frames of a length and a payload.
//
// VARIANT: `send` makes a call for each message, `batch` one for 64 KiB of them. The receiver is the same
// one: it asks for 64 KiB, or for as much as the message that has begun still needs, and walks through
// the frames. With `-256KiB` both sockets have buffers of that size, else those of the system, which grow.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "endpoint.hpp"

using namespace peers;

class SocketLink {
 public:
  explicit SocketLink(const Arguments &arguments)
      : batches_(arguments.variant.rfind("batch", 0) == 0),
        frame_(header + arguments.size),
        out_bytes_(batches_ ? std::max(chunk, frame_) : frame_),
        // Several reads long, so that the start of a frame is seldom moved.
        in_bytes_(2 * frame_ + 4 * chunk),
        out_(new uint64_t[out_bytes_ / 8]()),
        in_(new uint64_t[in_bytes_ / 8]()) {
    const bool creates = arguments.creates();
    const int buffer = arguments.variant.find("-256KiB") != std::string::npos ? 256 << 10 : 0;
    int file = socket(AF_INET, SOCK_STREAM, 0);
    // Before they meet: the window that one side offers follows from it.
    if (buffer && (!set(file, SOL_SOCKET, SO_SNDBUF, buffer) || !set(file, SOL_SOCKET, SO_RCVBUF, buffer)))
      fail("setsockopt");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(uint16_t(atoi(arguments.name.c_str())));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto *place = reinterpret_cast<const sockaddr *>(&address);
    if (creates) {
      if (!set(file, SOL_SOCKET, SO_REUSEADDR, 1) || bind(file, place, sizeof address) != 0 ||
          ::listen(file, 1) != 0)
        fail("bind or listen");
      listener_ = file;
    } else {
      if (connect(file, place, sizeof address) != 0) fail("connect");
      adopt(file);
    }
  }

  ~SocketLink() { close(file_); }

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
      const ssize_t count = ::send(file_, at, out_end_, MSG_NOSIGNAL);
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

  static bool set(int file, int level, int name, int value) {
    return setsockopt(file, level, name, &value, sizeof value) == 0;
  }

  void adopt(int file) {
    file_ = file;
    if (!set(file, IPPROTO_TCP, TCP_NODELAY, 1)) fail("TCP_NODELAY");
  }

  /// Not when it is made: the other side is told first that it can connect.
  void accept_once() {
    if (file_ >= 0) return;
    const int file = accept(listener_, nullptr, nullptr);
    if (file < 0) fail("accept");
    close(listener_);
    adopt(file);
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
    const ssize_t count = recv(file_, bytes + in_end_, std::min(ask, in_bytes_ - in_end_), 0);
    if (count <= 0) fail("recv");
    in_end_ += size_t(count);
  }

  const bool batches_;
  const size_t frame_, out_bytes_, in_bytes_;
  const std::unique_ptr<uint64_t[]> out_, in_;
  size_t out_end_ = 0, in_begin_ = 0, in_end_ = 0;
  int listener_ = -1, file_ = -1;
};

int main(int argc, char **argv) {
  Arguments arguments(argc, argv);
  if (!cbench_pin(arguments.cpu)) fail("sched_setaffinity");
  run<SocketLink>(arguments);
}
