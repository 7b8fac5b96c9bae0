// What a C programmer writes: blocking sockets, TCP_NODELAY, and frames of a length and a payload.
//
// VARIANT: `send` makes a call for each message, `batch` one for 64 KiB of them; with `-256KiB` both sockets
// have buffers of that size, else those of the system, which grow.
#include "sockets.hpp"

using namespace peers;

class SocketWire {
 public:
  SocketWire(int file, const Arguments &) : file_(file) {}
  ~SocketWire() { close(file_); }
  SocketWire(const SocketWire &) = delete;

  ssize_t send(const void *bytes, size_t count) { return ::send(file_, bytes, count, MSG_NOSIGNAL); }
  ssize_t receive(void *bytes, size_t count) { return recv(file_, bytes, count, 0); }

 private:
  const int file_;
};

int main(int argc, char **argv) {
  Arguments arguments(argc, argv);
  if (!cbench_pin(arguments.cpu)) fail("sched_setaffinity");
  run<FramedLink<SocketWire>>(arguments);
}
