// nanomsg over tcp://: PUSH and PULL one way, PAIR for round trips. VARIANT: tcp.
#include <nanomsg/nn.h>
#include <nanomsg/pair.h>
#include <nanomsg/pipeline.h>
#include <nanomsg/tcp.h>

#include "endpoint.hpp"

using namespace peers;

class NanomsgLink {
 public:
  explicit NanomsgLink(const Arguments &arguments)
      : answers_last_(arguments.role != "recv" && arguments.role != "ping" && arguments.role != "listen") {
    socket_ = nn_socket(
        AF_SP, arguments.is_round_trip() ? NN_PAIR : arguments.creates() ? NN_PULL : NN_PUSH);
    if (socket_ < 0) fail("nn_socket");
    const int buffer = 8 << 20, unlimited = -1, yes = 1;
    if (nn_setsockopt(socket_, NN_SOL_SOCKET, NN_SNDBUF, &buffer, sizeof buffer) ||
        nn_setsockopt(socket_, NN_SOL_SOCKET, NN_RCVBUF, &buffer, sizeof buffer) ||
        nn_setsockopt(socket_, NN_SOL_SOCKET, NN_RCVMAXSIZE, &unlimited, sizeof unlimited) ||
        nn_setsockopt(socket_, NN_TCP, NN_TCP_NODELAY, &yes, sizeof yes))
      fail("nn_setsockopt");
    const std::string address = "tcp://127.0.0.1:" + arguments.name;
    if ((arguments.creates() ? nn_bind(socket_, address.c_str())
                             : nn_connect(socket_, address.c_str())) < 0)
      fail("nn_bind or nn_connect");
  }

  ~NanomsgLink() {
    // Closing throws away what is not sent yet: whoever sent last stays until the other side has gone.
    while (answers_last_ && nn_get_statistic(socket_, NN_STAT_CURRENT_CONNECTIONS) > 0)
      cbench_sleep(100000);
    nn_close(socket_);
  }

  template <class Fill>
  void send(uint64_t size, Fill fill) {
    void *message = nn_allocmsg(size, 0);
    if (message == nullptr) fail("nn_allocmsg");
    fill(static_cast<uint64_t *>(message), size / 8);
    if (nn_send(socket_, &message, NN_MSG, 0) < 0) fail("nn_send");
  }

  template <class Use>
  void receive(Use use) {
    void *message = nullptr;
    const int bytes = nn_recv(socket_, &message, NN_MSG, 0);
    if (bytes < 0) fail("nn_recv");
    use(static_cast<const uint64_t *>(message), size_t(bytes) / 8);
    nn_freemsg(message);
  }

  void flush() {}

 private:
  int socket_;
  const bool answers_last_;
};

int main(int argc, char **argv) {
  Arguments arguments(argc, argv);
  // Before there are any threads of its own: they inherit the CPU.
  if (!cbench_pin(arguments.cpu)) fail("sched_setaffinity");
  run<NanomsgLink>(arguments);
}
