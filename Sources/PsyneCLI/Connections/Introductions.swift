internal import Psyne
internal import Synchronization

/// Tells who has connected to a listener, of those that have shown who they are, or of all if everything is to
/// be told: once of each, though it may be noticed twice.
final class Introductions: Sendable {
  private let talk: ConnectionTalk
  private let told = Mutex<Set<PeerID>>([])

  init(_ talk: ConnectionTalk) { self.talk = talk }

  func tell<Body>(_ peer: Server<Body>.Peer?, _ details: ConnectionDetails?) {
    guard !talk.isQuiet, let peer, peer.identity != nil || talk.isVerbose,
      told.withLock({ $0.insert(peer.id).inserted })
    else { return }
    let who = peer.identity?.subject ?? "somebody"
    let way = talk.isVerbose ? details.map { " over \($0)" } ?? "" : ""
    Console.tell("\(who) has connected from \(peer.name)\(way)")
  }
}
