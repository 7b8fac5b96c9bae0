// What Swift cannot import of OpenSSL 3.0: macros, variadic functions, stacks; and a BIO over memory.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

// MARK: The library

/// Without its exit handler, which would free what threads that outlive main() still use.
static inline int copenssl_init(void) {
  return OPENSSL_init_ssl(
      OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT,
      NULL);
}

// MARK: Bytes to and from the socket

/// What lies between a session and its socket. Bytes that came are in [in_begin, in_end), bytes that
/// are to leave in [out_begin, out_end).
typedef struct {
  unsigned char *in;
  size_t in_begin, in_end, in_size;
  /// Nothing more is taken of them.
  bool in_stopped;
  unsigned char *out;
  size_t out_begin, out_end, out_size;
} copenssl_wire;

static inline size_t copenssl_wire_room(const copenssl_wire *wire) {
  return wire->out_size - (wire->out_end - wire->out_begin);
}

static inline int copenssl_wire_read(BIO *bio, char *bytes, int count) {
  copenssl_wire *wire = (copenssl_wire *)BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (bytes == NULL || count <= 0) return 0;
  size_t there = wire->in_end - wire->in_begin;
  if (there == 0 || wire->in_stopped) {
    // Also when nothing more will come, of which the session knows: the library would declare the session
    // unfit to be resumed.
    BIO_set_retry_read(bio);
    return -1;
  }
  size_t taken = there < (size_t)count ? there : (size_t)count;
  memcpy(bytes, wire->in + wire->in_begin, taken);
  wire->in_begin += taken;
  return (int)taken;
}

static inline int copenssl_wire_write(BIO *bio, const char *bytes, int count) {
  copenssl_wire *wire = (copenssl_wire *)BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (bytes == NULL || count <= 0) return 0;
  if (wire->out_begin > 0 && wire->out_size - wire->out_end < (size_t)count) {
    memmove(wire->out, wire->out + wire->out_begin, wire->out_end - wire->out_begin);
    wire->out_end -= wire->out_begin;
    wire->out_begin = 0;
  }
  size_t room = wire->out_size - wire->out_end;
  if (room == 0) {
    BIO_set_retry_write(bio);
    return -1;
  }
  size_t taken = room < (size_t)count ? room : (size_t)count;
  memcpy(wire->out + wire->out_end, bytes, taken);
  wire->out_end += taken;
  return (int)taken;
}

static inline long copenssl_wire_ctrl(BIO *bio, int command, long number, void *pointer) {
  copenssl_wire *wire = (copenssl_wire *)BIO_get_data(bio);
  (void)number;
  (void)pointer;
  switch (command) {
  case BIO_CTRL_FLUSH: return 1;
  case BIO_CTRL_PENDING: return (long)(wire->in_end - wire->in_begin);
  case BIO_CTRL_WPENDING: return (long)(wire->out_end - wire->out_begin);
  default: return 0;
  }
}

/// Made once, and never freed. NULL without memory.
static inline BIO_METHOD *copenssl_wire_method(void) {
  BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "psyne wire");
  if (method == NULL) return NULL;
  BIO_meth_set_read(method, copenssl_wire_read);
  BIO_meth_set_write(method, copenssl_wire_write);
  BIO_meth_set_ctrl(method, copenssl_wire_ctrl);
  return method;
}

// MARK: Contexts

static inline void copenssl_harden(SSL_CTX *context) {
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(
      context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                   | SSL_MODE_RELEASE_BUFFERS);
  // Keys of 112 bits of security at least: RSA of 2048, curves of 224.
  SSL_CTX_set_security_level(context, 2);
}

static inline int copenssl_set_min_version(SSL_CTX *context, int version) {
  return (int)SSL_CTX_set_min_proto_version(context, version);
}

static inline int copenssl_set_max_version(SSL_CTX *context, int version) {
  return (int)SSL_CTX_set_max_proto_version(context, version);
}

/// How keys are agreed on. Elliptic curves alone, with ML-KEM where the library has it: a stranger that asks for
/// ffdhe8192 has a listener calculate for a hundred times as long as for X25519, and need not do so itself.
static inline int copenssl_set_groups(SSL_CTX *context) {
  static const char *const lists[] = {
      // The default of 3.5, which older ones cannot read.
      "*X25519MLKEM768/*X25519:P-256/X448:P-384:P-521", "X25519:P-256:X448:P-521:P-384",
      // All that some providers have.
      "P-256:P-521:P-384"};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    if (SSL_CTX_set1_groups_list(context, lists[i]) == 1) return 1;
  }
  return 0;
}

static inline void copenssl_set_session_cache(SSL_CTX *context, bool is_client) {
  // A listener's sessions are in the tickets that it gives out; a connector keeps its own.
  SSL_CTX_set_session_cache_mode(
      context,
      is_client ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF);
}

static inline int copenssl_add_chain(SSL_CTX *context, X509 *certificate) {
  return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

/// How many bytes the keys have that tickets are encrypted with.
static inline long copenssl_ticket_key_bytes(SSL_CTX *context) {
  return SSL_CTX_get_tlsext_ticket_keys(context, NULL, 0);
}

static inline bool copenssl_copy_ticket_keys(SSL_CTX *from, SSL_CTX *to) {
  unsigned char keys[128];
  long count = copenssl_ticket_key_bytes(from);
  bool copied = count > 0 && count <= (long)sizeof keys
      && SSL_CTX_get_tlsext_ticket_keys(from, keys, count) == 1
      && SSL_CTX_set_tlsext_ticket_keys(to, keys, count) == 1;
  OPENSSL_cleanse(keys, sizeof keys);
  return copied;
}

// MARK: Sessions

static inline int copenssl_set_server_name(SSL *ssl, const char *name) {
  return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline const char *copenssl_server_name(const SSL *ssl) {
  return SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
}

/// The session that is told of what happens in `ssl`.
static inline void copenssl_set_owner(SSL *ssl, void *owner) { SSL_set_app_data(ssl, owner); }
static inline void *copenssl_owner(const SSL *ssl) { return SSL_get_app_data(ssl); }

static inline void *copenssl_owner_of_check(X509_STORE_CTX *check) {
  SSL *ssl = (SSL *)X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx());
  return ssl == NULL ? NULL : SSL_get_app_data(ssl);
}

/// Whether keys that are exported are this connection's alone: of TLS 1.2 with an extension only (RFC 7627).
static inline bool copenssl_exports_are_unique(SSL *ssl) {
  return SSL_version(ssl) >= TLS1_3_VERSION || SSL_get_extms_support(ssl) == 1;
}

static inline const char *copenssl_cipher(const SSL *ssl) {
  return SSL_CIPHER_get_name(SSL_get_current_cipher(ssl));
}

/// What the keys were agreed on by; NULL if by nothing.
static inline const char *copenssl_group(SSL *ssl) {
  int group = (int)SSL_get_negotiated_group(ssl);
  return group == NID_undef ? NULL : SSL_group_to_name(ssl, group);
}

// MARK: Certificates

static inline void copenssl_free_alt_names(GENERAL_NAMES *names) { GENERAL_NAMES_free(names); }

/// The alternative names of a certificate; NULL if it has none. Free them.
static inline GENERAL_NAMES *copenssl_alt_names(const X509 *certificate) {
  return (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}

static inline int copenssl_alt_name_count(const GENERAL_NAMES *names) {
  return sk_GENERAL_NAME_num(names);
}

/// The bytes of a name, and its kind: GEN_DNS, GEN_IPADD, GEN_URI, GEN_EMAIL, or another without bytes.
static inline int copenssl_alt_name(
    const GENERAL_NAMES *names, int index, const unsigned char **bytes, int *count) {
  const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
  const ASN1_STRING *string = NULL;
  switch (name->type) {
  case GEN_DNS: string = name->d.dNSName; break;
  case GEN_URI: string = name->d.uniformResourceIdentifier; break;
  case GEN_EMAIL: string = name->d.rfc822Name; break;
  case GEN_IPADD: string = name->d.iPAddress; break;
  default: break;
  }
  *bytes = string == NULL ? NULL : ASN1_STRING_get0_data(string);
  *count = string == NULL ? 0 : ASN1_STRING_length(string);
  return name->type;
}

static inline void copenssl_free(void *memory) { OPENSSL_free(memory); }

static inline long copenssl_memory_bytes(BIO *bio, char **bytes) {
  return BIO_get_mem_data(bio, bytes);
}

static inline EVP_PKEY *copenssl_make_ec_key(void) { return EVP_EC_gen("P-256"); }
static inline EVP_PKEY *copenssl_make_rsa_key(unsigned bits) { return EVP_RSA_gen(bits); }

/// Adds an extension as OpenSSL's configuration files spell it. 1 if that succeeded.
static inline int copenssl_add_extension(
    X509 *certificate, X509 *issuer, int kind, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
  X509V3_set_ctx_nodb(&context);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
  if (extension == NULL) return 0;
  int added = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  return added;
}

// MARK: Numbers that are macros of other macros

static inline int copenssl_reason_alert_offset(void) { return SSL_AD_REASON_OFFSET; }
static inline int copenssl_library_ssl(void) { return ERR_LIB_SSL; }
static inline unsigned long copenssl_name_flags(void) { return XN_FLAG_RFC2253 & ~XN_FLAG_DN_REV; }
static inline unsigned long copenssl_chain_flags(void) { return X509_V_FLAG_PARTIAL_CHAIN; }
static inline unsigned long copenssl_revocation_flags(void) {
  return X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
}
static inline unsigned copenssl_host_flags(void) {
  return X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
}
