// NNG over tcp:// or tls+tcp://: PUSH and PULL one way, PAIR for round trips. VARIANT: tcp, or tls with
// @FOLDER of the certificates, which both sides show.
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/supplemental/tls/tls.h>

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
    if (arguments.variant == "tcp") meet(arguments, "tcp://127.0.0.1:" + arguments.name);
    else meet_encrypted(arguments, "tls+tcp://127.0.0.1:" + arguments.name);
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
  void meet(const Arguments &arguments, const std::string &address) {
    if (arguments.creates()) {
      demand(nng_listen(socket_, address.c_str(), nullptr, 0), "nng_listen");
    } else {
      demand(nng_dial(socket_, address.c_str(), nullptr, 0), "nng_dial");
    }
  }

  void meet_encrypted(const Arguments &arguments, const std::string &address) {
    const bool creates = arguments.creates();
    nng_tls_config *tls;
    demand(nng_tls_config_alloc(&tls, creates ? NNG_TLS_MODE_SERVER : NNG_TLS_MODE_CLIENT), "nng_tls_config_alloc");
    demand(nng_tls_config_ca_file(tls, arguments.authority().c_str()), "nng_tls_config_ca_file");
    demand(nng_tls_config_cert_key_file(tls, arguments.certificate(creates).c_str(), nullptr),
           "nng_tls_config_cert_key_file");
    demand(nng_tls_config_auth_mode(tls, NNG_TLS_AUTH_MODE_REQUIRED), "nng_tls_config_auth_mode");
    if (creates) {
      nng_listener listener;
      demand(nng_listener_create(&listener, socket_, address.c_str()), "nng_listener_create");
      demand(nng_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG, tls), "NNG_OPT_TLS_CONFIG");
      demand(nng_listener_start(listener, 0), "nng_listener_start");
    } else {
      // It compares names with names only, and not addresses.
      demand(nng_tls_config_server_name(tls, "localhost"), "nng_tls_config_server_name");
      nng_dialer dialer;
      demand(nng_dialer_create(&dialer, socket_, address.c_str()), "nng_dialer_create");
      demand(nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, tls), "NNG_OPT_TLS_CONFIG");
      demand(nng_dialer_start(dialer, 0), "nng_dialer_start");
    }
    nng_tls_config_free(tls);
  }

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
