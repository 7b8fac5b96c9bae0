import Glibc
import PsyneCore
import TestSupport
import Testing

/// Channels between users: `mode`, `owner` and `group`.
@Suite("Who may use a channel")
struct AccessTests {
  /// A directory that other users can get into.
  func sharedPlace(mode: UInt32 = 0o755) throws -> Place {
    let place = try Place()
    #expect(unsafe chmod(place.directory.path, mode) == 0)
    return place
  }

  func status(_ place: Place) throws -> stat {
    var status = stat()
    try #require(unsafe stat(place.path("c"), &status) == 0)
    return status
  }

  /// The refusal of `NAME?OPTIONS` in this process.
  func refusal(_ place: Place, _ text: String) -> TransportError? {
    transportError { () throws(TransportError) in _ = try place.open(text) }
  }

  @Test(
    "the mode is the one asked for, whatever the umask is",
    arguments: ["0600", "0640", "0660", "0604", "0666"])
  func mode(text: String) throws {
    let place = try Place()
    let peer = try place.peer("umask 077", "open c?mode=\(text)")
    #expect(try status(place).st_mode & 0o7777 == UInt32(text, radix: 8))
    let held = try place.open("c?mode=\(text)")
    #expect(held.capacity > 0)
    #expect(try peer.ask("sender") == "ok")
  }

  @Test("another mode than was asked for is refused, wider or narrower, and both are named")
  func otherMode() throws {
    let place = try Place()
    for (made, asked) in [("0660", "0600"), ("0600", "0660"), ("0660", "0640"), ("0640", "0666")] {
      let held = try place.open("c?mode=\(made)")
      let error = refusal(place, "c?mode=\(asked)")
      #expect(error?.code == .permissionDenied)
      #expect(error?.message.contains("mode is \(made)") == true, "\(String(describing: error))")
      #expect(error?.message.contains("channel's is \(asked)") == true)
      #expect(held.capacity > 0)
    }
  }

  @Test(
    "root makes a channel for another user, and both use it",
    .enabled(if: isRoot, "needs root to be two users"))
  func owner() throws {
    let place = try sharedPlace()
    let channel = try place.open("c?owner=65534")
    #expect(try status(place).st_uid == 65534)
    var receiver = try channel.receiver()
    // It is the other user's own: nothing has to be asked for.
    let peer = try place.peer("setgid 65534", "setuid 65534", "open c", "sender")
    #expect(try peer.ask("send 5 1 1 8 8") == "ok")
    #expect(try receiver.number() == 5)
    #expect(refusal(place, "c")?.message.contains("user 65534") == true)
    #expect(refusal(place, "c?owner=12345")?.message.contains("owner=12345") == true)
    _ = try place.open("c?owner=65534")
  }

  @Test(
    "users of one group share a channel; others do not",
    .enabled(if: isRoot, "needs root to be several users"), arguments: ["", "&group=12345"])
  func group(asked: String) throws {
    let place = try sharedPlace()
    let channel = try place.open("c?mode=0660&group=12345")
    #expect(try status(place).st_gid == 12345)
    var receiver = try channel.receiver()
    let member = try place.peer(
      "setgid 12345", "setuid 65533", "open c?mode=0660&owner=root\(asked)", "sender")
    #expect(try member.ask("send 5 1 1 8 8") == "ok")
    #expect(try receiver.number() == 5)
    let other = try place.peer("setgid 54321", "setuid 65532")
    let reply = try other.ask("open c?mode=0660&owner=root\(asked)")
    #expect(reply.hasPrefix("error permissionDenied"), "\(reply)")
    // Whose group it is matters even to whom the file lets in.
    let error = refusal(place, "c?mode=0660&group=54321")
    #expect(error?.message.contains("group 12345") == true, "\(String(describing: error))")
    #expect(error?.message.contains("54321") == true)
  }

  @Test(
    "a user cannot give a channel away, and is told who can",
    .enabled(if: isRoot, "needs root to be another user"))
  func givingAway() throws {
    let place = try sharedPlace(mode: 0o777)
    let peer = try place.peer("setgid 65534", "setuid 65534")
    let toRoot = try peer.ask("open c?owner=root")
    #expect(toRoot.hasPrefix("error permissionDenied"), "\(toRoot)")
    #expect(toRoot.contains("only root can give a channel to user 0"))
    let toGroup = try peer.ask("open c?mode=0660&group=12345")
    #expect(toGroup.hasPrefix("error permissionDenied"), "\(toGroup)")
    #expect(toGroup.contains("is not in group 12345"))
    #expect(place.directory.segments.isEmpty)
  }

  @Test("a user or a group that does not exist is named")
  func unknown() throws {
    let place = try Place()
    for name in ["no-such-user", "4294967295", "-1", "99999999999"] {
      let owner = refusal(place, "c?owner=\(name)")
      #expect(owner?.code == .invalidOption)
      #expect(owner?.message.contains("owner '\(name)' is no user") == true)
      let group = refusal(place, "c?mode=0660&group=\(name)")
      #expect(group?.code == .invalidOption)
      #expect(group?.message.contains("group '\(name)' is no group") == true)
    }
    #expect(place.directory.segments.isEmpty)
    _ = try place.open("c?mode=0660&owner=\(geteuid())&group=\(getegid())")
  }

  @Test(
    "where only its owner may remove a segment, others leave it to its owner",
    .enabled(if: isRoot, "needs root to be two users"))
  func stickyDirectory() throws {
    let place = try sharedPlace(mode: 0o1777)
    var channel: SPSCChannel<Bytes>? = try place.open("c?mode=0666", capacity: 4096)
    let peer = try place.peer("setgid 65534", "setuid 65534", "open c?mode=0666&group=0&owner=root")
    #expect(channel != nil)
    channel = nil
    #expect(try peer.ask("close channel") == "ok")
    #expect(place.directory.segments == ["psyne.c"])
    let reply = try peer.ask("open c?mode=0666&group=0&owner=root&capacity=8KiB")
    #expect(reply.hasPrefix("error permissionDenied cannot replace"), "\(reply)")
    do { _ = try place.open("c?mode=0666", capacity: 8192) }
    #expect(place.directory.segments.isEmpty)
  }
}
