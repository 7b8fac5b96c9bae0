internal import COpenSSL

// What the library says, in words.

extension TLSError {
  static func truncated(inHandshake: Bool) -> TLSError {
    TLSError(
      .truncated,
      inHandshake
        ? "the other side has closed the connection in the middle of the TLS handshake: does it speak TLS on this port?"
        : "the connection was cut without a goodbye: what was sent last may be missing")
  }

  /// - Parameter first: what came first.
  static func plainText(_ first: [UInt8]) -> TLSError {
    let words = String(decoding: first.filter { $0 < 0x80 }, as: UTF8.self)
    let isHTTP = ["GET ", "POST", "HEAD", "PUT ", "OPTI", "DELE", "HTTP", "CONN", "PRI "].contains {
      words.hasPrefix($0)
    }
    let what: String
    if first.dropFirst().starts(with: "PSYNE".utf8) {
      what = "it speaks Psyne without TLS: write tls:// on both sides, or tcp:// on both"
    } else if isHTTP {
      what = "it looks like HTTP: another program was given this host and port"
    } else if words.hasPrefix("SSH-") {
      what = "it looks like SSH: another program was given this host and port"
    } else {
      what = "another program was given this host and port, or it is set to plain tcp://"
    }
    return TLSError(.plainText, "the other side does not speak TLS; \(what)")
  }

  static func explaining(_ entry: ErrorQueue.Entry, isEstablished: Bool) -> TLSError {
    guard entry.library == copenssl_library_ssl() else {
      return TLSError(
        isEstablished ? .corrupt : .failed, "the TLS library failed: \(entry.text)")
    }
    let alert = entry.reason - copenssl_reason_alert_offset()
    if (0...255).contains(alert) { return .alert(UInt8(alert)) }
    switch entry.reason {
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: return .truncated(inHandshake: !isEstablished)
    case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_UNSUPPORTED_SSL_VERSION, SSL_R_VERSION_TOO_LOW,
      SSL_R_NO_PROTOCOLS_AVAILABLE, SSL_R_UNKNOWN_SSL_VERSION:
      return TLSError(
        .tooOld,
        "the other side speaks no version of TLS that is allowed here: update it, or set tls=1.2 if it has no newer one"
      )
    case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SUITABLE_GROUPS,
      SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
      return TLSError(
        .tooOld,
        "the other side knows no way to encrypt or to sign that is allowed here (\(entry.text)): update it"
      )
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return TLSError(
        .noCertificate, "the other side has shown no certificate: it has to set cert and key")
    case SSL_R_DH_KEY_TOO_SMALL, SSL_R_EE_KEY_TOO_SMALL, SSL_R_CA_KEY_TOO_SMALL,
      SSL_R_CA_MD_TOO_WEAK, SSL_R_WRONG_SIGNATURE_TYPE:
      return TLSError(
        .weakKey,
        "the other side has a key or a signature that can be broken (\(entry.text)): make a new one (EC P-256, or RSA of 2048 bits)"
      )
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
      return TLSError(.badCertificate, "the other side's certificate is not accepted")
    case SSL_R_WRONG_VERSION_NUMBER where !isEstablished:
      return TLSError(
        .corrupt,
        "the other side's TLS makes no sense (\(entry.text)): something in between has changed it")
    default:
      return TLSError(
        .corrupt,
        "what came from the other side is no TLS that makes sense (\(entry.text)): something in between has changed it, or it does not follow the protocol"
      )
    }
  }
}
