internal import Glibc
package import PsyneCore
package import PsyneTCP

/// Encrypts what goes over a socket. The handshake happens in `send` and `receive`, whichever is called.
package final class TLSStream: ByteStream {
  private let session: TLSSession
  private let socket: Socket
  /// What comes before the link's bytes; nil where nobody has a token, and when it is done.
  private var exchange: TokenExchange?
  /// Whether the other side may still turn out to have a token, of which we know nothing.
  private var mayBeToken: Bool
  package private(set) var failure: LinkError?

  package init(_ session: TLSSession, over socket: Socket, tokens: [TLSToken]) {
    self.session = session
    self.socket = socket
    exchange = tokens.isEmpty ? nil : TokenExchange(tokens)
    mayBeToken = tokens.isEmpty
  }

  package var isDirect: Bool { false }

  /// Whether the handshake is complete and the other side may stay.
  package var isEstablished: Bool { session.isEstablished }

  package var identity: PeerIdentity? {
    // What nobody has checked says nothing.
    guard let peer = session.peer, peer.isVerified, let certificate = peer.certificate else {
      return nil
    }
    return PeerIdentity(
      subject: certificate.subject, names: certificate.names.map(\.text),
      issuer: certificate.issuer, fingerprint: certificate.fingerprint,
      security: "TLS \(peer.version.rawValue), \(peer.cipher)")
  }

  package var encryption: ConnectionEncryption? {
    session.peer.map { peer in
      ConnectionEncryption(
        version: "TLS \(peer.version.rawValue)", cipher: peer.cipher, group: peer.group,
        isResumed: peer.isResumed, isInKernel: peer.isKernelTLS)
    }
  }

  package var unsentBytes: Int { unsafe session.pending.count + socket.unsentBytes }

  package func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) -> Int {
    do throws(TLSError) {
      guard try exchangeTokens() else { return again() }
      let count = try unsafe session.write(head, body)
      let isGone = push() == 0
      if count > 0 { return count }
      // Where there was no room, there is now.
      guard isGone, session.isEstablished else { return again() }
      let more = try unsafe session.write(head, body)
      return more > 0 ? more : again()
    } catch { return fail(error) }
  }

  /// So often the socket is asked for more before there are bytes.
  private static let mostRounds = 2

  package func receive(
    _ first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer
  ) -> Int {
    do throws(TLSError) {
      for _ in 0..<Self.mostRounds {
        guard try exchangeTokens() else {
          guard let count = fill() else { continue }
          return count
        }
        let outcome = try unsafe session.read(into: first, second)
        // What the handshake, or new keys, have to say.
        let isGone = push() == 0
        switch outcome {
        case .bytes(let count):
          if mayBeToken {
            let inFirst = min(count, first.count)
            try unsafe lookForToken(Array(first[..<inFirst]) + second[..<(count - inFirst)])
          }
          return count
        case .ended: return 0
        case .wantsMore:
          guard isGone else { return -1 }
          if let count = fill() { return count }
        }
      }
      // Whoever sends without end what makes no bytes keeps nobody else waiting. There may be more, of which
      // nobody would be told.
      errno = EINTR
      return -1
    } catch { return fail(error) }
  }

  /// Whether both sides know what is to be known.
  private func exchangeTokens() throws(TLSError) -> Bool {
    guard let step = try exchange?.advance(session) else { return true }
    _ = push()
    switch step {
    case .done:
      exchange = nil
      return true
    case .wants: return false
    case .ended:
      throw TLSError(
        .truncated, "the other side has left before it had shown that it knows our token")
    }
  }

  /// Whoever has a token begins with it, and would take an end without a word for a break.
  ///
  /// - Parameter start: what came.
  private func lookForToken(_ start: [UInt8]) throws(TLSError) {
    mayBeToken = false
    guard start.starts(with: TokenProof.magic) else { return }
    if session.role == .listener {
      _ = try session.say(TokenProof.none)
      session.finish()
    }
    throw TLSError(
      .refused,
      "the other side has a token, and we have none: give both sides the same one, or none")
  }

  /// Takes what the socket has: nil if there was something, else what to answer.
  private func fill() -> Int? {
    let room = unsafe session.room
    guard room.count > 0 else { return again() }
    let count = unsafe socket.receive(room, UnsafeMutableRawBufferPointer(start: nil, count: 0))
    if count < 0 { return -1 }
    if count == 0 { session.ended() } else { session.came(count) }
    return nil
  }

  package func flush() -> Int { push() }
  package func relax() { session.relax() }

  package func finishSending() {
    session.finish()
    _ = push()
    socket.finishSending()
  }

  /// Sends what is encrypted: 0 if all of it, else negative, and `errno`.
  private func push() -> Int {
    while unsafe session.pending.count > 0 {
      let count = unsafe socket.send(
        session.pending, UnsafeRawBufferPointer(start: nil, count: 0))
      if count < 0 {
        if errno == EINTR { continue }
        return -1
      }
      session.sent(count)
    }
    return 0
  }

  private func again() -> Int {
    errno = EAGAIN
    return -1
  }

  private func fail(_ error: TLSError) -> Int {
    // The alert that says why.
    _ = push()
    if error.code == .plainText, failure == nil, session.role == .listener { sayThatItIsTLS() }
    failure = LinkError(error.isBreak ? .truncated : .other, error.message)
    errno = EPROTO
    return -1
  }
}

extension TLSStream {
  /// An alert in plain text, for who has sent plain text: the library has none for it, and whoever is left
  /// without a word takes it for a break, and comes again.
  private func sayThatItIsTLS() {
    unsafe TLSRecord.versionAlert.withUnsafeBytes { bytes in
      // Where it does not go at once, the other side has more to wonder about.
      _ = unsafe socket.send(bytes, UnsafeRawBufferPointer(start: nil, count: 0))
    }
  }
}

extension TLSError {
  /// Whether the network may be at fault, so that it is worth to connect anew.
  var isBreak: Bool { code == .truncated }
}
