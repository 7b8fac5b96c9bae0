internal import Glibc
internal import PsyneCore
internal import PsyneTCP

/// Encrypts what goes over a socket. The handshake happens in `send` and `receive`, whichever is called.
final class TLSStream: ByteStream {
  private let session: TLSSession
  private let socket: Socket
  private(set) var failure: LinkError?

  init(_ session: TLSSession, over socket: Socket) {
    self.session = session
    self.socket = socket
  }

  var isDirect: Bool { false }

  var identity: PeerIdentity? {
    guard let peer = session.peer, let certificate = peer.certificate else { return nil }
    return PeerIdentity(
      subject: certificate.subject, names: certificate.names.map(\.text),
      issuer: certificate.issuer, fingerprint: certificate.fingerprint,
      security: "TLS \(peer.version.rawValue), \(peer.cipher)")
  }

  func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) -> Int {
    do throws(TLSError) {
      while true {
        let count = try unsafe session.write(head, body)
        let isGone = push() == 0
        if count > 0 { return count }
        // Room was made, or there is nothing that could make any.
        guard isGone, session.isEstablished else { return again() }
        let more = try unsafe session.write(head, body)
        return more > 0 ? more : again()
      }
    } catch { return fail(error) }
  }

  func receive(
    _ first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer
  ) -> Int {
    do throws(TLSError) {
      while true {
        let outcome = try unsafe session.read(into: first, second)
        // What the handshake, or new keys, have to say.
        let isGone = push() == 0
        switch outcome {
        case .bytes(let count): return count
        case .ended: return 0
        case .wantsMore:
          let room = unsafe session.room
          guard room.count > 0 else { return isGone ? again() : -1 }
          let count = unsafe socket.receive(
            room, UnsafeMutableRawBufferPointer(start: nil, count: 0))
          if count < 0 { return -1 }
          if count == 0 { session.ended() } else { session.came(count) }
        }
      }
    } catch { return fail(error) }
  }

  func flush() -> Int { push() }

  func finishSending() {
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
    failure = LinkError(error.isBreak ? .truncated : .other, error.message)
    errno = EPROTO
    return -1
  }
}

extension TLSError {
  /// Whether the network may be at fault, so that it is worth to connect anew.
  var isBreak: Bool { code == .truncated }
}
