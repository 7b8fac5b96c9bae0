internal import COpenSSL
internal import Glibc
internal import PsyneCore

/// An `SSL_CTX`: what a listener's or a connector's sessions have in common. Freed with the last of them.
@safe
final class SSLContext: @unchecked Sendable {
  // Unchecked: it is not changed once others have it, and sessions may be made of it by any thread.
  let pointer: OpaquePointer
  /// Tells whether others are trusted than before.
  private(set) var trust: [UInt8] = []

  /// Reads the files. Blocks for as long as the disk does.
  init(_ role: TLSRole, _ options: TLSOptions, _ hooks: TLSHooks) throws(TransportError) {
    guard OpenSSL.isReady,
      let pointer = unsafe SSL_CTX_new(
        role == .listener ? TLS_server_method() : TLS_client_method())
    else { throw OpenSSL.failure("TLS cannot be set up") }
    unsafe self.pointer = pointer
    try configure(role, options, hooks)
    try trust(role, options)
    if let certificate = options.certificate {
      try identify(certificate, options.key, hooks)
    }
  }

  deinit { unsafe SSL_CTX_free(pointer) }

  private func configure(
    _ role: TLSRole, _ options: TLSOptions, _ hooks: TLSHooks
  ) throws(TransportError) {
    unsafe copenssl_harden(pointer)
    let oldest = options.minimumVersion == .tls13 ? TLS1_3_VERSION : TLS1_2_VERSION
    // Those of 1.2 that authenticate what they encrypt, with keys that nobody can find out later.
    let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"
    guard unsafe copenssl_set_min_version(pointer, oldest) == 1,
      unsafe copenssl_set_max_version(pointer, TLS1_3_VERSION) == 1,
      unsafe SSL_CTX_set_cipher_list(pointer, ciphers) == 1,
      unsafe copenssl_set_groups(pointer) == 1,
      unsafe SSL_CTX_set_session_id_context(
        pointer, Protocol.list, UInt32(Protocol.list.count)) == 1
    else { throw OpenSSL.failure("TLS cannot be set up") }
    unsafe copenssl_set_session_cache(pointer, role == .connector)
    unsafe SSL_CTX_set_timeout(pointer, Self.ticketSeconds)
    unsafe SSL_CTX_set_msg_callback(pointer, SessionCallbacks.message)
    switch role {
    case .listener:
      // One is enough for a connector that goes on with the newest.
      unsafe SSL_CTX_set_num_tickets(pointer, 1)
      if !hooks.takesAnyProtocol {
        unsafe SSL_CTX_set_alpn_select_cb(pointer, SessionCallbacks.selectProtocol, nil)
        unsafe SSL_CTX_set_client_hello_cb(pointer, SessionCallbacks.clientHello, nil)
      }
      guard
        unsafe SSL_CTX_add_custom_ext(
          pointer, SessionCallbacks.admissionExtension, UInt32(SSL_EXT_TLS1_3_NEW_SESSION_TICKET),
          SessionCallbacks.admit, nil, nil, nil, nil) == 1
      else { throw OpenSSL.failure("TLS cannot be set up") }
    case .connector:
      // Zero is success, of this function alone.
      guard
        unsafe SSL_CTX_set_alpn_protos(pointer, Protocol.list, UInt32(Protocol.list.count)) == 0
      else { throw OpenSSL.failure("TLS cannot be set up") }
      unsafe SSL_CTX_sess_set_new_cb(pointer, SessionCallbacks.newSession)
    }
  }

  /// For so long a connection can be resumed. The certificate is not looked at anew then, except for its
  /// time. The keys of the tickets last as long.
  static let ticketSeconds = 2 * 3600

  // MARK: Whom we trust

  private func trust(_ role: TLSRole, _ options: TLSOptions) throws(TransportError) {
    guard options.checksPeer(role) else {
      unsafe SSL_CTX_set_verify(pointer, SSL_VERIFY_NONE, nil)
      return
    }
    unsafe SSL_CTX_set_verify(
      pointer, SSL_VERIFY_PEER | (role == .listener ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
      SessionCallbacks.verify)
    var digest = Digest()
    if let path = options.authorities {
      try addAuthorities(TLSFile(option: "ca", path: path), role, &digest)
    } else {
      guard unsafe SSL_CTX_set_default_verify_paths(pointer) == 1 else {
        throw OpenSSL.failure("the system's authorities cannot be read; set ca to a file of them")
      }
    }
    if let path = options.revocations {
      try addRevocations(TLSFile(option: "crl", path: path), &digest)
    }
    trust = digest.value
  }

  private func addAuthorities(
    _ place: TLSFile, _ role: TLSRole, _ digest: inout Digest
  ) throws(TransportError) {
    let store = unsafe SSL_CTX_get_cert_store(pointer)
    var count = 0
    for file in try place.files() {
      let bytes = try file.read(limit: Self.authoritiesLimit)
      digest.add(bytes)
      for certificate in try PEM.certificates(bytes, of: file) {
        count += 1
        guard unsafe certificate.with({ unsafe X509_STORE_add_cert(store, $0) }) == 1 else {
          throw file.failure("cannot be trusted: \(ErrorQueue.reason)")
        }
        // So that a client with several certificates knows which one to show.
        if role == .listener {
          _ = unsafe certificate.with { unsafe SSL_CTX_add_client_CA(pointer, $0) }
        }
      }
    }
    guard count > 0 else {
      throw place.failure("has no certificate in PEM format: name the authority's file")
    }
    // What it says is trusted, whether it vouches for itself or not.
    unsafe X509_STORE_set_flags(store, copenssl_chain_flags())
  }

  private func addRevocations(_ file: TLSFile, _ digest: inout Digest) throws(TransportError) {
    let store = unsafe SSL_CTX_get_cert_store(pointer)
    let bytes = try file.read(limit: Self.authoritiesLimit)
    digest.add(bytes)
    let lists = try PEM.revocationLists(bytes, of: file)
    guard !lists.isEmpty else { throw file.failure("has no revocation list in PEM format") }
    for list in lists {
      guard unsafe list.with({ unsafe X509_STORE_add_crl(store, $0) }) == 1 else {
        throw file.failure("cannot be used: \(ErrorQueue.reason)")
      }
    }
    unsafe X509_STORE_set_flags(store, copenssl_revocation_flags())
  }

  private static let authoritiesLimit = 64 << 20
  private static let identityLimit = 1 << 20

  // MARK: Who we are

  private func identify(
    _ path: String, _ keyPath: String?, _ hooks: TLSHooks
  ) throws(TransportError) {
    let file = TLSFile(option: "cert", path: path)
    let bytes = try file.read(limit: Self.identityLimit)
    let chain = try PEM.certificates(bytes, of: file)
    guard let own = chain.first else {
      throw file.failure("has no certificate in PEM format: name the certificate's file")
    }
    ErrorQueue.clear()
    guard unsafe own.with({ unsafe SSL_CTX_use_certificate(pointer, $0) }) == 1 else {
      throw Self.unusable(file)
    }
    for certificate in chain.dropFirst() {
      guard unsafe certificate.with({ unsafe copenssl_add_chain(pointer, $0) }) == 1 else {
        throw Self.unusable(file)
      }
    }
    let keyFile = keyPath.map { TLSFile(option: "key", path: $0) } ?? file
    let key = try Self.privateKey(keyFile, hooks)
    guard own.belongs(to: key) else {
      throw keyFile.failure(
        "does not belong to the certificate in '\(path.printable)': name its own key")
    }
    ErrorQueue.clear()
    guard unsafe key.with({ unsafe SSL_CTX_use_PrivateKey(pointer, $0) }) == 1 else {
      throw keyFile.failure("cannot be used: \(ErrorQueue.reason)")
    }
    Self.warn(file, own.contents)
  }

  private static func privateKey(
    _ file: TLSFile, _ hooks: TLSHooks
  ) throws(TransportError) -> PrivateKey {
    var bytes = try file.read(limit: identityLimit)
    defer {
      unsafe bytes.withUnsafeMutableBytes { unsafe OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
    guard let key = try PEM.privateKey(bytes, of: file, hooks.passphrase) else {
      throw file.failure(
        "has no private key in PEM format: set key to the file of the certificate's key")
    }
    return key
  }

  private static func unusable(_ file: TLSFile) -> TransportError {
    let error = ErrorQueue.take()
    switch error?.reason {
    case SSL_R_EE_KEY_TOO_SMALL, SSL_R_CA_KEY_TOO_SMALL, SSL_R_CA_MD_TOO_WEAK:
      return file.failure(
        "has a key or a signature that can be broken: make a new one (EC P-256, or RSA of 2048 bits)"
      )
    default: return file.failure("cannot be used: \(error?.text ?? "no reason is given")")
    }
  }

  /// It is not refused: who looks at it has another clock, and may not care.
  private static func warn(_ file: TLSFile, _ certificate: TLSCertificate) {
    let now = Int64(time(nil))
    let what: String
    if now > certificate.notAfter {
      what = "expired on \(UTC.text(certificate.notAfter)): renew it"
    } else if now < certificate.notBefore {
      what = "is valid from \(UTC.text(certificate.notBefore)) only: see to this machine's clock"
    } else {
      return
    }
    Diagnostics.report(
      Diagnostic(.certificate, "\(file.failure("").message)\(what); others will not believe it"))
  }

  // MARK: Reloading

  /// Has the sessions of `older` be resumed here too.
  func adoptTicketKeys(of older: SSLContext) {
    // Where it fails, they begin anew.
    _ = unsafe copenssl_copy_ticket_keys(older.pointer, pointer)
  }
}

/// The library, as this process has it.
enum OpenSSL {
  /// Set up once; false where that failed.
  static let isReady = copenssl_init() == 1

  static func failure(_ what: String) -> TransportError {
    TransportError(.system, "\(what): OpenSSL says: \(ErrorQueue.reason)")
  }
}

/// SHA-256 over several pieces of bytes, each with its length.
struct Digest {
  private(set) var value: [UInt8] = []

  mutating func add(_ bytes: [UInt8]) {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    let input = value + bytes
    // It fails without memory only; then the value never equals another.
    guard unsafe EVP_Digest(input, input.count, &digest, &count, EVP_sha256(), nil) == 1 else {
      value.append(UInt8.random(in: 0...255))
      return
    }
    value = Array(digest.prefix(Int(count)))
  }
}
