// ZeroMQ over ipc:// or tcp://: PUSH and PULL one way, PAIR for round trips. VARIANT: ipc, tcp, or curve,
// which is tcp:// encrypted.
#include <zmq.h>

#include <algorithm>

#include "endpoint.hpp"

using namespace peers;

using Key = char[41];

/// The server's key is no secret here: both sides make it of the port.
static void make_server_key(const Arguments &arguments, Key open, Key secret) {
  uint8_t bytes[32] = {};
  std::copy_n(arguments.name.begin(), std::min(arguments.name.size(), sizeof bytes), bytes);
  if (!zmq_z85_encode(secret, bytes, sizeof bytes) || zmq_curve_public(open, secret) != 0) fail("zmq_curve_public");
}

static void encrypt(void *socket, const Arguments &arguments) {
  Key server, server_secret, own, own_secret;
  make_server_key(arguments, server, server_secret);
  if (zmq_curve_keypair(own, own_secret) != 0) fail("zmq_curve_keypair");
  const int yes = 1;
  const bool set =
      arguments.creates()
          ? !zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &yes, sizeof yes) &&
                !zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, server_secret, sizeof server_secret)
          : !zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server, sizeof server) &&
                !zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, own, sizeof own) &&
                !zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, own_secret, sizeof own_secret);
  if (!set) fail("CURVE");
}

class ZeroMQLink {
 public:
  explicit ZeroMQLink(const Arguments &arguments) : context_(zmq_ctx_new()) {
    int kind = arguments.is_round_trip() ? ZMQ_PAIR : arguments.creates() ? ZMQ_PULL : ZMQ_PUSH;
    socket_ = zmq_socket(context_, kind);
    // Messages, not bytes: as much as 64 MiB, so that the mark is no brake at any size.
    int mark = int((64u << 20) / arguments.size);
    if (mark > 100000) mark = 100000;
    zmq_setsockopt(socket_, ZMQ_SNDHWM, &mark, sizeof mark);
    zmq_setsockopt(socket_, ZMQ_RCVHWM, &mark, sizeof mark);
    if (arguments.variant == "curve") encrypt(socket_, arguments);
    std::string address = arguments.variant == "ipc"
                              ? "ipc://@" + arguments.name  // abstract: leaves no file behind
                              : "tcp://127.0.0.1:" + arguments.name;
    if (arguments.creates() ? zmq_bind(socket_, address.c_str()) : zmq_connect(socket_, address.c_str()))
      fail("zmq_bind or zmq_connect");
  }

  ~ZeroMQLink() {
    zmq_close(socket_);
    zmq_ctx_term(context_);  // waits until everything is sent
  }

  template <class Fill>
  void send(uint64_t size, Fill fill) {
    zmq_msg_t message;
    zmq_msg_init_size(&message, size);
    fill(static_cast<uint64_t *>(zmq_msg_data(&message)), size / 8);
    if (zmq_msg_send(&message, socket_, 0) < 0) fail("zmq_msg_send");
  }

  template <class Use>
  void receive(Use use) {
    zmq_msg_t message;
    zmq_msg_init(&message);
    if (zmq_msg_recv(&message, socket_, 0) < 0) fail("zmq_msg_recv");
    use(static_cast<const uint64_t *>(zmq_msg_data(&message)), zmq_msg_size(&message) / 8);
    zmq_msg_close(&message);
  }

  void flush() {}

 private:
  void *context_, *socket_;
};

int main(int argc, char **argv) {
  Arguments arguments(argc, argv);
  // Before the context is made: its threads inherit the CPU. Left unpinned they were no faster.
  if (!cbench_pin(arguments.cpu)) fail("sched_setaffinity");
  run<ZeroMQLink>(arguments);
}
