internal import Psyne
internal import Synchronization

/// Tells who has connected to a listener, of those that have shown who they are: once of each, though it may
/// be noticed twice.
final class Introductions: Sendable {
  private let talk: ConnectionTalk
  private let told = Mutex<Set<PeerID>>([])

  init(_ talk: ConnectionTalk) { self.talk = talk }

  func tell<Body>(_ peer: Server<Body>.Peer?) {
    guard !talk.isQuiet, let peer, let identity = peer.identity,
      told.withLock({ $0.insert(peer.id).inserted })
    else { return }
    Console.tell("\(identity.subject) has connected from \(peer.name)")
  }
}
