// TLS as a C programmer has it from OpenSSL: a context with the run's certificates, both sides showing one,
// and blocking sessions over sockets.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>

#include "sockets.hpp"

namespace peers {

[[noreturn]] inline void fail_tls(const char *what) {
  fprintf(stderr, "%s\n", what);
  ERR_print_errors_fp(stderr);
  exit(3);
}

inline void demand_tls(bool succeeded, const char *what) {
  if (!succeeded) fail_tls(what);
}

/// What the sessions of one side have in common: TLS 1.3, and nothing else set that has a default. The
/// variant `release` frees its buffers while there is nothing in them.
inline SSL_CTX *make_context(const Arguments &arguments, bool is_server) {
  signal(SIGPIPE, SIG_IGN);
  SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
  demand_tls(context != nullptr, "SSL_CTX_new");
  const std::string own = arguments.certificate(is_server), authority = arguments.authority();
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  demand_tls(SSL_CTX_use_certificate_chain_file(context, own.c_str()) == 1, own.c_str());
  demand_tls(SSL_CTX_use_PrivateKey_file(context, own.c_str(), SSL_FILETYPE_PEM) == 1, own.c_str());
  demand_tls(SSL_CTX_load_verify_file(context, authority.c_str()) == 1, authority.c_str());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  const unsigned char id[] = "psyne-bench";
  SSL_CTX_set_session_id_context(context, id, sizeof id);
  if (arguments.variant.rfind("release", 0) == 0) SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return context;
}

/// One session over a connected socket.
class Session {
 public:
  /// `earlier`: of a client, what it can resume; or NULL.
  Session(SSL_CTX *context, int file, bool is_server, SSL_SESSION *earlier = nullptr)
      : ssl_(SSL_new(context)), file_(file) {
    demand_tls(ssl_ != nullptr && SSL_set_fd(ssl_, file) == 1, "SSL_new");
    if (is_server) {
      demand_tls(SSL_accept(ssl_) == 1, "SSL_accept");
    } else {
      demand_tls(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), "127.0.0.1") == 1, "set1_ip_asc");
      if (earlier) demand_tls(SSL_set_session(ssl_, earlier) == 1, "SSL_set_session");
      demand_tls(SSL_connect(ssl_) == 1, "SSL_connect");
    }
  }
  ~Session() {
    SSL_shutdown(ssl_);
    // A socket that is closed with something unread, such as a server's tickets, throws away what is not sent
    // yet: each stays until the other side has said that it is through.
    shutdown(file_, SHUT_WR);
    char nothing[64];
    while (recv(file_, nothing, sizeof nothing, 0) > 0) {}
    SSL_free(ssl_);
    close(file_);
  }
  Session(const Session &) = delete;

  SSL *ssl() const { return ssl_; }

  void send_all(const void *bytes, size_t count) {
    demand_tls(SSL_write(ssl_, bytes, int(count)) == int(count), "SSL_write");
  }

  /// False at the end of what the other side sends.
  bool receive_all(void *bytes, size_t count) {
    for (size_t done = 0; done < count;) {
      const int came = SSL_read(ssl_, static_cast<char *>(bytes) + done, int(count - done));
      if (came <= 0) return false;
      done += size_t(came);
    }
    return true;
  }

  /// Of a client: sends `size` bytes and takes the answer. True if that is the same.
  bool ask(size_t size, uint64_t sequence) {
    std::vector<uint64_t> words(size / 8), answer(size / 8);
    fill(words.data(), words.size(), sequence);
    send_all(words.data(), size);
    return receive_all(answer.data(), size) && check(answer.data(), answer.size(), sequence) == 0;
  }

  /// Of a server: sends back what comes. False at the end.
  bool answer(size_t size) {
    std::vector<uint64_t> words(size / 8);
    if (!receive_all(words.data(), size)) return false;
    send_all(words.data(), size);
    return true;
  }

 private:
  SSL *const ssl_;
  const int file_;
};

}  // namespace peers
