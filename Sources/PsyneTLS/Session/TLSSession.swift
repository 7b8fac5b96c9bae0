internal import COpenSSL
internal import CPsyne
internal import Glibc
internal import PsyneCore

/// One connection's encryption, without the connection: bytes go in and come out by memory, and no call
/// makes a system call or blocks.
///
/// ```swift
/// // What the socket has, to the program:
/// session.came(recv(socket, session.room…))
/// while case .bytes(let count) = try session.read(into: first, second) { … }
/// // What the program has, to the socket:
/// let taken = try session.write(head, body)
/// session.sent(send(socket, session.pending…))
/// ```
///
/// - One thread at a time may use it.
/// - The handshake happens in `read` and `write`: call `read` once at the beginning, and whenever something
///   came. Both may leave something ``pending``, which has to be sent before more can be hoped for.
/// - When one has thrown, the session is over, and both go on to throw the same. What is pending then tells
///   the other side why: send it, and close.
/// - Keys are renewed, and tickets taken, without anybody noticing: a peer that has us do so without end is
///   let go.
@safe
package final class TLSSession: @unchecked Sendable {
  // Unchecked: whoever has it sees to it that one thread at a time uses it.
  private let context: TLSContext
  private let sslContext: SSLContext
  private let ssl: OpaquePointer
  private let wire = Wire()
  private let server: ServerName?

  /// Set when the handshake is complete and the other side may stay.
  package private(set) var peer: TLSPeer?
  /// What became of the decision whether the other side may stay.
  var verdict = Verdict.none
  /// What was wrong with a certificate.
  var certificateFailure: CertificateFailure?
  private var error: TLSError?
  private var isFinished = false
  private var messages = MessageAllowance()
  /// What came first, if it is no TLS.
  private var stranger: [UInt8] = []
  private var hasLooked = false

  enum Verdict {
    case none
    case admitted(TLSPeer)
    case refused(TLSError)
  }

  init(
    _ context: TLSContext, _ sslContext: SSLContext, _ server: ServerName?
  ) throws(TransportError) {
    guard let method = unsafe Wire.method, let ssl = unsafe SSL_new(sslContext.pointer) else {
      throw OpenSSL.failure("a TLS session cannot be made")
    }
    self.context = context
    self.sslContext = sslContext
    unsafe self.ssl = ssl
    self.server = server
    guard let bio = unsafe BIO_new(method) else {
      throw OpenSSL.failure("a TLS session cannot be made")
    }
    unsafe BIO_set_data(bio, wire.pointer)
    unsafe BIO_set_init(bio, 1)
    // It has the one reference, for both directions.
    unsafe SSL_set_bio(ssl, bio, bio)
    unsafe copenssl_set_owner(ssl, Unmanaged.passUnretained(self).toOpaque())
    guard let server else {
      unsafe SSL_set_accept_state(ssl)
      return
    }
    unsafe SSL_set_connect_state(ssl)
    try aim(at: server)
  }

  deinit {
    // However it has ended: else the library declares what can be resumed unfit for it, and connections
    // that break are those that are made anew.
    if error == nil || error?.code == .truncated {
      unsafe SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
    }
    unsafe SSL_free(ssl)
  }

  private func aim(at server: ServerName) throws(TransportError) {
    unsafe SSL_set_hostflags(ssl, copenssl_host_flags())
    let isSet =
      server.isIPAddress
      ? unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server.text) == 1
        // Only names are asked for by name (RFC 6066, 3).
      : unsafe SSL_set1_host(ssl, server.text) == 1
        && copenssl_set_server_name(ssl, server.text) == 1
    guard isSet else {
      throw OpenSSL.failure("'\(server.text)' cannot be a server's name")
    }
    if let resumable = context.resumption.take(for: server) {
      // Where it fails, the session begins anew.
      _ = unsafe resumable.with { unsafe SSL_set_session(ssl, $0) }
    }
  }

  func keep(_ resumable: ResumableSession) {
    if let server { context.keep(resumable, for: server, from: sslContext) }
  }

  // MARK: Encrypted bytes

  /// Where to put what comes from the socket; empty while `read` has to be called first (a `recv` of no
  /// bytes looks like the end). Valid until the session is used again. Allocates 64 KiB at first, and after
  /// ``relax()``.
  package var room: UnsafeMutableRawBufferPointer { unsafe wire.room }

  /// So many bytes were put into ``room``.
  package func came(_ count: Int) { wire.came(count) }

  /// Nothing more comes. If the other side has not said so, what it sent last may be missing.
  package func ended() { wire.hasEnded = true }

  /// What is to be sent. Valid until the session is used again.
  package var pending: UnsafeRawBufferPointer { unsafe wire.pending }

  /// So many of the ``pending`` bytes have left.
  package func sent(_ count: Int) { wire.sent(count) }

  /// Gives back the memory that holds nothing, of a connection that is idle. It comes back by itself.
  package func relax() { wire.drain() }

  // MARK: Plain bytes

  /// Whether the handshake is complete and the other side may stay, as far as this side is concerned.
  ///
  /// A connector's is before the listener has looked at its certificate: it knows only when something has
  /// come from there.
  package var isEstablished: Bool { peer != nil }

  /// What came of a `read`.
  package enum Outcome: Hashable, Sendable {
    /// So many bytes were read: at least one.
    case bytes(Int)
    /// There is nothing to read before more comes.
    case wantsMore
    /// The other side has said that it sends no more.
    case ended
  }

  /// Decrypts what came, into `first` until that is full, and then into `second`.
  ///
  /// Nothing is handed out before the handshake is complete and the other side may stay.
  ///
  /// - Precondition: there is room for a byte.
  package func read(
    into first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer
  ) throws(TLSError) -> Outcome {
    precondition(first.count + second.count > 0, "there has to be room for what is read")
    guard try advance() else { return .wantsMore }
    var total = 0
    while true {
      let target =
        if total < first.count {
          unsafe UnsafeMutableRawBufferPointer(rebasing: first[total...])
        } else {
          unsafe UnsafeMutableRawBufferPointer(rebasing: second[(total - first.count)...])
        }
      guard target.count > 0 else { return .bytes(total) }
      var count = 0
      ErrorQueue.clear()
      let result = unsafe SSL_read_ex(ssl, target.baseAddress, target.count, &count)
      if result == 1 {
        total += count
        continue
      }
      let end = ending(result)
      // Of an error that follows on it, the next call tells.
      if total > 0 { return .bytes(total) }
      if let error { throw error }
      return end
    }
  }

  /// Encrypts as much of `head`, and then of `body`, as there is room for.
  ///
  /// Room is there again when what is ``pending`` was sent. Both are gathered into records of 16 KiB.
  ///
  /// - Returns: how many bytes were taken; none before the handshake is complete, and after ``finish()``.
  package func write(
    _ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer
  ) throws(TLSError) -> Int {
    guard try advance(), !isFinished else { return 0 }
    var total = 0
    while total < head.count + body.count, wire.outRoom >= Self.recordRoom {
      let count: Int
      if total >= head.count {
        count = try unsafe encrypt(UnsafeRawBufferPointer(rebasing: body[(total - head.count)...]))
      } else if head.count - total >= Self.record || body.count == 0 {
        count = try unsafe encrypt(UnsafeRawBufferPointer(rebasing: head[total...]))
      } else {
        count = try unsafe gather(UnsafeRawBufferPointer(rebasing: head[total...]), body)
      }
      guard count > 0 else { break }
      total += count
    }
    return total
  }

  private static let record = 16 << 10
  /// What a record takes when it is encrypted, with what the library may have to say in between.
  private static let recordRoom = record + 1024

  private func encrypt(_ bytes: UnsafeRawBufferPointer) throws(TLSError) -> Int {
    try taken(unsafe attempt(bytes))
  }

  /// A record of two pieces.
  private func gather(
    _ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer
  ) throws(TLSError) -> Int {
    let rest = min(Self.record - head.count, body.count)
    let attempt = unsafe withUnsafeTemporaryAllocation(
      byteCount: head.count + rest, alignment: 16
    ) { buffer in
      unsafe buffer.copyMemory(from: head)
      unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[head.count...])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: body[..<rest]))
      return unsafe self.attempt(UnsafeRawBufferPointer(buffer))
    }
    return try taken(attempt)
  }

  /// Encrypts one record at most.
  private func attempt(_ bytes: UnsafeRawBufferPointer) -> (result: Int32, count: Int) {
    var count = 0
    ErrorQueue.clear()
    let result = unsafe SSL_write_ex(ssl, bytes.baseAddress, min(bytes.count, Self.record), &count)
    return (result, count)
  }

  private func taken(_ attempt: (result: Int32, count: Int)) throws(TLSError) -> Int {
    if attempt.result == 1 { return attempt.count }
    _ = ending(attempt.result)
    if let error { throw error }
    return 0
  }

  /// 32 bytes that only the two sides of this connection know (RFC 8446, 7.5).
  func exported(_ label: String) throws(TLSError) -> [UInt8] {
    precondition(peer != nil, "there are keys when the session is established")
    guard unsafe copenssl_exports_are_unique(ssl) else {
      throw TLSError(
        .tooOld, "the other side's TLS 1.2 cannot tell connections apart (RFC 7627): update it")
    }
    var bytes = [UInt8](repeating: 0, count: 32)
    ErrorQueue.clear()
    guard
      unsafe SSL_export_keying_material(
        ssl, &bytes, bytes.count, label, label.utf8.count, nil, 0, 0) == 1
    else { throw TLSError(.failed, "the TLS library failed: \(ErrorQueue.reason)") }
    return bytes
  }

  /// Which side this is.
  package var role: TLSRole { context.role }

  /// Says that nothing more will be written. What the other side sends can still be read.
  package func finish() {
    guard !isFinished, error == nil, peer != nil else { return }
    isFinished = true
    wire.fill()
    ErrorQueue.clear()
    // Its result says whether the other side has said so too, which reading tells.
    _ = unsafe SSL_shutdown(ssl)
  }

  // MARK: The handshake

  /// Whether the handshake is complete, after what there is to be done about it now.
  private func advance() throws(TLSError) -> Bool {
    if let error { throw error }
    // Also to read: new keys are answered.
    wire.fill()
    if peer != nil { return true }
    look()
    ErrorQueue.clear()
    let result = unsafe SSL_do_handshake(ssl)
    guard result == 1 else {
      let end = ending(result)
      if let error { throw error }
      if end == .ended { try fail(.truncated(inHandshake: true)) }
      return false
    }
    if let error = judge() {
      sayEnd()
      try fail(error)
    }
    if case .admitted(let peer) = verdict { self.peer = peer }
    return true
  }

  /// Where an alert is out of reach: an end at least that nobody in between can feign.
  private func sayEnd() { _ = unsafe SSL_shutdown(ssl) }

  private func fail(_ error: TLSError) throws(TLSError) {
    self.error = error
    throw error
  }

  /// Keeps the first bytes, if they are none of TLS.
  private func look() {
    guard !hasLooked, wire.unreadBytes > 0 else { return }
    hasLooked = true
    let first = unsafe UnsafeRawBufferPointer(
      start: wire.pointer.pointee.in?.advanced(by: wire.pointer.pointee.in_begin),
      count: min(wire.unreadBytes, 16))
    // A handshake or an alert.
    if unsafe first[0] != 0x16, unsafe first[0] != 0x15 { unsafe stranger = Array(first) }
  }

  /// What a call that did not succeed means. An error is kept.
  private func ending(_ result: Int32) -> Outcome {
    switch unsafe SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_WRITE: return .wantsMore
    case SSL_ERROR_WANT_READ:
      if messages.isExceeded {
        error = .endless
        sayEnd()
      } else if !stranger.isEmpty {
        // Perhaps too few bytes for the library to see that it is none of its business.
        error = .plainText(stranger)
      } else if wire.hasEnded, wire.unreadBytes == 0 {
        error = .truncated(inHandshake: peer == nil)
      }
      return .wantsMore
    case SSL_ERROR_ZERO_RETURN: return .ended
    case SSL_ERROR_SYSCALL: error = .truncated(inHandshake: peer == nil)
    default:
      error = explain(ErrorQueue.take())
    }
    return .wantsMore
  }

  /// A message of the protocol has come, such as new keys or a ticket.
  func noteMessage() {
    // What a handshake takes is bounded by its rules.
    guard peer != nil else { return }
    messages.use(at: cpsyne_monotonic_ns())
    if messages.isExceeded { wire.stop() }
  }

  private func explain(_ entry: ErrorQueue.Entry?) -> TLSError {
    if case .refused(let error) = verdict { return error }
    if !stranger.isEmpty { return .plainText(stranger) }
    guard let entry else { return TLSError(.failed, "the TLS library failed without a reason") }
    if entry.reason == SSL_R_CERTIFICATE_VERIFY_FAILED, let certificateFailure {
      return certificateFailure.error(host: server)
    }
    return TLSError.explaining(entry, isEstablished: peer != nil)
  }

  // MARK: Who may stay

  /// Decides, once, whether the other side may stay, when it has shown who it is.
  func judge() -> TLSError? {
    switch verdict {
    case .refused(let error): return error
    case .admitted: return nil
    case .none: break
    }
    do throws(TLSError) {
      verdict = .admitted(try examine())
      return nil
    } catch {
      verdict = .refused(error)
      return error
    }
  }

  private func examine() throws(TLSError) -> TLSPeer {
    guard context.hooks.takesAnyProtocol || hasOurProtocol else {
      throw TLSError(
        .wrongProtocol,
        "the other side does not speak Psyne (ALPN \(Protocol.name)): another program has that port, or another version"
      )
    }
    let peer = makePeer()
    guard peer.isVerified else {
      try authorize(peer)
      return peer
    }
    // The library has seen to both; nobody is let in if it has not.
    guard let certificate = peer.certificate else {
      throw TLSError(
        .noCertificate, "the other side has shown no certificate: it has to set cert and key")
    }
    guard unsafe SSL_get_verify_result(ssl) == Int(X509_V_OK) else {
      throw TLSError(
        .badCertificate, "the other side's certificate, \(certificate), was not accepted")
    }
    // Of a session that is resumed it was checked long ago.
    guard !peer.isResumed || Int64(time(nil)) <= certificate.notAfter else {
      throw TLSError(
        .expired,
        "the other side's certificate, \(certificate), expired on \(UTC.text(certificate.notAfter)): renew it"
      )
    }
    if let error = refusal(of: certificate) { throw error }
    try authorize(peer)
    return peer
  }

  private func refusal(of certificate: TLSCertificate) -> TLSError? {
    guard let allowed = context.options.allowed, !certificate.isAllowed(allowed) else { return nil }
    return TLSError(
      .refused,
      "the other side's certificate, \(certificate), has no name that allow has (\(allowed.joined(separator: ", "))): add one, if it may connect"
    )
  }

  /// What there is against the other side's certificate, at the last moment at which the library sends an
  /// alert for a connector, or in TLS 1.2. A listener of TLS 1.3 has a later one, and an alert that says more.
  func judge(_ certificate: TLSCertificate) -> TLSError? {
    let isNew = unsafe SSL_version(ssl) == TLS1_3_VERSION
    return context.role == .listener && isNew ? nil : refusal(of: certificate)
  }

  private func authorize(_ peer: TLSPeer) throws(TLSError) {
    do throws(TLSRefusal) {
      try context.hooks.authorize?(peer)
    } catch {
      let who = peer.certificate.map { ", \($0)," } ?? ""
      throw TLSError(.refused, "the other side\(who) was turned away: \(error.reason)")
    }
  }

  private var hasOurProtocol: Bool {
    var name: UnsafePointer<UInt8>?
    var count: UInt32 = 0
    unsafe SSL_get0_alpn_selected(ssl, &name, &count)
    return unsafe UnsafeBufferPointer(start: name, count: Int(count)).elementsEqual(
      Protocol.name.utf8)
  }

  private func makePeer() -> TLSPeer {
    let certificate = unsafe SSL_get0_peer_certificate(ssl).map { unsafe TLSCertificate($0) }
    return TLSPeer(
      certificate: certificate, isVerified: context.options.checksPeer(context.role),
      serverName: unsafe copenssl_server_name(ssl).map { unsafe String(cString: $0).printable },
      version: unsafe SSL_version(ssl) == TLS1_3_VERSION ? .tls13 : .tls12,
      cipher: unsafe copenssl_cipher(ssl).map { unsafe String(cString: $0) } ?? "",
      group: unsafe copenssl_group(ssl).map { unsafe String(cString: $0) },
      isResumed: unsafe SSL_session_reused(ssl) == 1)
  }
}
