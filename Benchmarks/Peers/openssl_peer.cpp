// What a C programmer writes with OpenSSL: SSL_set_fd, blocking, TLS 1.3, certificates on both sides.
//
// VARIANT, with @FOLDER of the certificates: `write` calls SSL_write for each message, `batch` for 64 KiB of
// them. Connections that come and go, or do nothing, are `plain`, or `release` with SSL_MODE_RELEASE_BUFFERS.
#include "openssl_handshakes.hpp"
#include "openssl_idle.hpp"

using namespace peers;

class OpenSSLWire {
 public:
  OpenSSLWire(int file, const Arguments &arguments)
      : session_(make_context(arguments, arguments.creates()), file, arguments.creates()) {}

  ssize_t send(const void *bytes, size_t count) { return SSL_write(session_.ssl(), bytes, int(count)); }
  ssize_t receive(void *bytes, size_t count) { return SSL_read(session_.ssl(), bytes, int(count)); }

 private:
  Session session_;
};

int main(int argc, char **argv) {
  Arguments arguments(argc, argv);
  if (!cbench_pin(arguments.cpu)) fail("sched_setaffinity");
  if (arguments.role == "accept") {
    accept_handshakes(arguments);
  } else if (arguments.role == "dial" || arguments.role == "redial") {
    dial_handshakes(arguments);
  } else if (arguments.role == "keep") {
    keep_idle(arguments);
  } else if (arguments.role == "idle") {
    be_idle(arguments);
  } else {
    run<FramedLink<OpenSSLWire>>(arguments);
  }
}
