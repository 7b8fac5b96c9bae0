import PsyneCore
import TestSupport
import Testing

/// A mount namespace of its own, with a memory file system of 1 MiB on `directory`.
private func smallMemory(_ directory: String, user: Bool) -> [String] {
  ["unshare", "--mount"] + (user ? ["--map-root-user"] : []) + [
    "sh", "-c", "mount -t tmpfs -o size=1m tmpfs \"$1\" && shift && exec \"$@\"", "sh", directory,
  ]
}

/// Whether the system lets us mount: as root, or in a user namespace.
private let canMount: Bool = {
  guard let directory = try? TemporaryDirectory(),
    let peer = try? Peer(
      directory: directory.path, launcher: smallMemory(directory.path, user: !isRoot))
  else { return false }
  return (try? peer.ask("umask 077")) == "ok"
}()

@Suite("Full shared memory", .enabled(if: canMount, "needs the right to mount a file system"))
struct FullMemoryTests {
  func peer(_ place: Place) throws -> Peer {
    try Peer(
      directory: place.directory.path,
      launcher: smallMemory(place.directory.path, user: !isRoot))
  }

  @Test("a channel that does not fit is a typed error, leaves nothing behind and kills nobody")
  func tooLarge() throws {
    let place = try Place()
    let peer = try peer(place)
    for capacity in [1 << 20, 1 << 24, 1 << 32] {
      let reply = try peer.ask("open c \(capacity)")
      #expect(reply.hasPrefix("error noSpace"), "\(reply)")
      #expect(reply.contains("smaller capacity"))
      #expect(try peer.ask("names") == "")
    }
    // What was reserved for it is free again, and every byte of what fits can be written.
    for command in ["open c 524288", "sender", "receiver", "send 0 1 1 524280 524280"] {
      #expect(try peer.ask(command) == "ok")
    }
    #expect(try peer.ask("receive 0 1 1 524280 524280") == "received 0 1 all")
  }

  @Test("a broadcast's sender whose lanes do not all fit says how much it wants, and takes nothing")
  func broadcast() throws {
    let place = try Place()
    let peer = try peer(place)
    // Ten lanes, one of which comes with the channel.
    try #require(peer.ask("open-as c 5 1 8 131072") == "ok")
    let before = try peer.ask("room-left")
    for _ in 0..<3 {
      let reply = try peer.ask("sender")
      #expect(reply.hasPrefix("error noSpace"), "\(reply)")
      #expect(reply.contains("1280 KiB"), "\(reply)")
      #expect(try peer.ask("room-left") == before)
    }
  }

  @Test("filled up by channels, it says so, and they go on")
  func filledUp() throws {
    let place = try Place()
    let peer = try peer(place)
    var opened = 0
    var reply = "ok"
    while reply == "ok" {
      reply = try peer.ask("keep c-\(opened) 65536")
      if reply == "ok" { opened += 1 }
    }
    #expect(reply.hasPrefix("error noSpace"), "\(reply)")
    #expect(opened > 10)
    #expect(try peer.ask("names").split(separator: " ").count == opened)
    #expect(try peer.ask("open c-0") == "ok")
    #expect(try peer.ask("sender") == "ok")
    #expect(try peer.ask("send 0 1 1 65528 65528") == "ok")
  }

  @Test("a segment with holes is filled before it is used, or refused")
  func holes() throws {
    let place = try Place()
    let peer = try peer(place)
    #expect(try peer.ask("sparse c 8388608") == "ok")
    let reply = try peer.ask("open c")
    #expect(reply.hasPrefix("error noSpace"), "\(reply)")
    #expect(try peer.ask("sparse d 262144") == "ok")
    for command in ["open d", "sender", "receiver", "send 0 1 1 262136 262136"] {
      #expect(try peer.ask(command) == "ok")
    }
    #expect(try peer.ask("receive 0 1 1 262136 262136") == "received 0 1 all")
  }
}
