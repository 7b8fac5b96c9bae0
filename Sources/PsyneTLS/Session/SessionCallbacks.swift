internal import COpenSSL

/// What the library asks a session in the middle of its handshake, on the thread that uses the session.
enum SessionCallbacks {
  private static func session(of ssl: OpaquePointer?) -> TLSSession? {
    guard let ssl = unsafe ssl, let owner = unsafe copenssl_owner(ssl) else { return nil }
    // The session lives for as long as its SSL does, and is in one of its methods now.
    return unsafe Unmanaged<TLSSession>.fromOpaque(owner).takeUnretainedValue()
  }

  /// Counts what comes beside the bytes. Called for every record too: it does next to nothing then.
  static let message:
    @convention(c) (
      Int32, Int32, Int32, UnsafeRawPointer?, Int, OpaquePointer?, UnsafeMutableRawPointer?
    ) -> Void = { isSent, _, kind, _, _, ssl, _ in
      guard isSent == 0, kind == SSL3_RT_HANDSHAKE else { return }
      unsafe session(of: ssl)?.noteMessage()
    }

  /// Notes what is wrong with a certificate, and refuses one that has no name that is allowed.
  static let verify: @convention(c) (Int32, OpaquePointer?) -> Int32 = { isRight, check in
    guard let check = unsafe check, let owner = unsafe copenssl_owner_of_check(check) else {
      return 0
    }
    let session = unsafe Unmanaged<TLSSession>.fromOpaque(owner).takeUnretainedValue()
    guard isRight != 0 else {
      if session.certificateFailure == nil {
        session.certificateFailure = unsafe CertificateFailure(check)
      }
      return 0
    }
    guard unsafe X509_STORE_CTX_get_error_depth(check) == 0,
      let own = unsafe X509_STORE_CTX_get_current_cert(check),
      let error = session.judge(unsafe TLSCertificate(own))
    else { return isRight }
    session.verdict = .refused(error)
    unsafe X509_STORE_CTX_set_error(check, X509_V_ERR_APPLICATION_VERIFICATION)
    return 0
  }

  /// A listener's: turns those away at once who offer no protocol. The library would let them in.
  static let clientHello:
    @convention(c) (
      OpaquePointer?, UnsafeMutablePointer<Int32>?, UnsafeMutableRawPointer?
    ) -> Int32 = { ssl, alert, _ in
      var bytes: UnsafePointer<UInt8>?
      var count = 0
      let kind = UInt32(TLSEXT_TYPE_application_layer_protocol_negotiation)
      if unsafe SSL_client_hello_get0_ext(ssl, kind, &bytes, &count) == 1 {
        return SSL_CLIENT_HELLO_SUCCESS
      }
      unsafe session(of: ssl)?.verdict = .refused(.offers([]))
      unsafe alert?.pointee = SSL_AD_NO_APPLICATION_PROTOCOL
      return SSL_CLIENT_HELLO_ERROR
    }

  /// A listener's: takes our protocol, if it is among those that are offered.
  static let selectProtocol:
    @convention(c) (
      OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
      UnsafePointer<UInt8>?, UInt32, UnsafeMutableRawPointer?
    ) -> Int32 = { ssl, selected, selectedCount, offered, offeredCount, _ in
      // The library has checked that lengths and names fill it exactly.
      let list = unsafe UnsafeBufferPointer(start: offered, count: Int(offeredCount))
      var names: [String] = []
      var index = 0
      while index < list.count {
        let count = unsafe Int(list[index])
        let end = min(index + 1 + count, list.count)
        let name = unsafe list[(index + 1)..<end]
        if unsafe name.elementsEqual(Protocol.name.utf8) {
          // Inside what was offered, which stays for long enough.
          unsafe selected?.pointee = offered?.advanced(by: index + 1)
          unsafe selectedCount?.pointee = UInt8(count)
          return SSL_TLSEXT_ERR_OK
        }
        if names.count < 4 { names.append(unsafe String(decoding: name, as: UTF8.self).printable) }
        index = end
      }
      unsafe session(of: ssl)?.verdict = .refused(.offers(names))
      return SSL_TLSEXT_ERR_ALERT_FATAL
    }

  /// The number of an extension that is never sent. Of those for private use.
  static let admissionExtension: UInt32 = 0xff53

  /// A listener's, of TLS 1.3: whether the other side may stay. The library asks for an extension of the
  /// ticket that it is about to send, which is just after the other side has proved who it is, and the last
  /// moment at which it sends an alert for us.
  static let admit:
    @convention(c) (
      OpaquePointer?, UInt32, UInt32, UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
      UnsafeMutablePointer<Int>?, OpaquePointer?, Int, UnsafeMutablePointer<Int32>?,
      UnsafeMutableRawPointer?
    ) -> Int32 = { ssl, _, _, _, _, _, _, alert, _ in
      guard let session = unsafe session(of: ssl) else { return 0 }
      guard let error = session.judge() else { return 0 }
      unsafe alert?.pointee = error.alertToSend
      return -1
    }

  /// A connector's: a session that it can go on with later. The reference becomes ours.
  static let newSession: @convention(c) (OpaquePointer?, OpaquePointer?) -> Int32 = {
    ssl, pointer in
    guard let pointer = unsafe pointer, let session = unsafe session(of: ssl) else { return 0 }
    session.keep(unsafe ResumableSession(owning: pointer))
    return 1
  }
}

extension TLSError {
  /// What the other side is told when we turn it away.
  fileprivate var alertToSend: Int32 {
    switch code {
    case .wrongProtocol: SSL_AD_NO_APPLICATION_PROTOCOL
    case .expired: SSL_AD_CERTIFICATE_EXPIRED
    case .noCertificate: SSL_AD_CERTIFICATE_REQUIRED
    default: SSL_AD_ACCESS_DENIED
    }
  }

  /// - Parameter names: what a connector speaks.
  static func offers(_ names: [String]) -> TLSError {
    let what = names.isEmpty ? "no protocol (ALPN)" : names.joined(separator: ", ")
    return TLSError(
      .wrongProtocol,
      "the other side offers \(what), and this is a listener of \(Protocol.name): it is another program, or another version of Psyne"
    )
  }
}
