// NNG over tcp://: PUSH and PULL one way, PAIR for round trips. VARIANT: tcp.
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>

#include <algorithm>
#include <atomic>

#include "endpoint.hpp"

using namespace peers;

static void demand(int result, const char *what) {
  if (result == 0) return;
  fprintf(stderr, "%s: %s\n", what, nng_strerror(result));
  exit(3);
}

class NNGLink {
 public:
  explicit NNGLink(const Arguments &arguments)
      : answers_last_(arguments.role != "recv" && arguments.role != "ping" && arguments.role != "listen") {
    if (arguments.is_round_trip()) {
      demand(nng_pair0_open(&socket_), "nng_pair0_open");
    } else if (arguments.creates()) {
      demand(nng_pull0_open(&socket_), "nng_pull0_open");
    } else {
      demand(nng_push0_open(&socket_), "nng_push0_open");
    }
    // Messages, not bytes: no more than 8 MiB. Who has no such buffer says so, and that is well.
    const int depth = int(std::clamp<uint64_t>((8u << 20) / arguments.size, 4, 1024));
    nng_socket_set_int(socket_, NNG_OPT_SENDBUF, depth);
    nng_socket_set_int(socket_, NNG_OPT_RECVBUF, depth);
    demand(nng_socket_set_size(socket_, NNG_OPT_RECVMAXSZ, 0), "NNG_OPT_RECVMAXSZ");
    demand(nng_pipe_notify(socket_, NNG_PIPE_EV_REM_POST, note_departure, this), "nng_pipe_notify");
    const std::string address = "tcp://127.0.0.1:" + arguments.name;
    if (arguments.creates()) {
      demand(nng_listen(socket_, address.c_str(), nullptr, 0), "nng_listen");
    } else {
      demand(nng_dial(socket_, address.c_str(), nullptr, 0), "nng_dial");
    }
  }

  ~NNGLink() {
    // Closing throws away what is not sent yet: whoever sent last stays until the other side has gone.
    while (answers_last_ && !has_left_) cbench_sleep(100000);
    nng_close(socket_);
  }

  template <class Fill>
  void send(uint64_t size, Fill fill) {
    nng_msg *message;
    demand(nng_msg_alloc(&message, size), "nng_msg_alloc");
    fill(static_cast<uint64_t *>(nng_msg_body(message)), size / 8);
    demand(nng_sendmsg(socket_, message, 0), "nng_sendmsg");
  }

  template <class Use>
  void receive(Use use) {
    nng_msg *message;
    demand(nng_recvmsg(socket_, &message, 0), "nng_recvmsg");
    use(static_cast<const uint64_t *>(nng_msg_body(message)), nng_msg_len(message) / 8);
    nng_msg_free(message);
  }

  void flush() {}

 private:
  static void note_departure(nng_pipe, nng_pipe_ev, void *self) {
    static_cast<NNGLink *>(self)->has_left_ = true;
  }

  nng_socket socket_;
  const bool answers_last_;
  std::atomic<bool> has_left_{false};
};

int main(int argc, char **argv) {
  Arguments arguments(argc, argv);
  // Before there are any threads of its own: they inherit the CPU.
  if (!cbench_pin(arguments.cpu)) fail("sched_setaffinity");
  run<NNGLink>(arguments);
}
