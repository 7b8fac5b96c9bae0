import Glibc
import PsyneCore
import PsyneIPC
import TestSupport
import Testing

@Suite("What lies in the way of a channel")
struct PermissionTests {
  /// Opening must fail with `code`, say `words`, and leave everything as it is.
  func expectRefusal(
    _ place: Place, _ code: TransportError.Code = .permissionDenied, _ words: String...
  ) {
    let names = place.directory.names
    let error = transportError { () throws(TransportError) in _ = try place.open("c") }
    #expect(error?.code == code)
    for word in words {
      #expect(error?.message.contains(word) == true, "\(String(describing: error))")
    }
    #expect(error?.message.contains(place.path("c")) == true)
    #expect(place.directory.names == names)
  }

  /// A channel's segment that nobody has open.
  func abandonedSegment() throws -> Place {
    let place = try Place()
    let peer = try place.peer("open c 4096")
    peer.kill()
    #expect(place.directory.segments == ["psyne.c"])
    return place
  }

  @Test(
    "a segment that others could open is refused",
    arguments: [0o666, 0o660, 0o640, 0o604, 0o620, 0o611] as [UInt32])
  func wideMode(mode: UInt32) throws {
    let place = try abandonedSegment()
    #expect(unsafe chmod(place.path("c"), mode) == 0)
    expectRefusal(place, .permissionDenied, "0\(String(mode, radix: 8))", "0600")
  }

  @Test("a live segment whose mode was widened is refused to newcomers")
  func widenedMode() throws {
    let place = try Place()
    let held = try place.open("c")
    #expect(unsafe chmod(place.path("c"), 0o666) == 0)
    expectRefusal(place, .permissionDenied, "0666")
    #expect(held.capacity > 0)
  }

  @Test("a segment of another user is refused", .enabled(if: isRoot, "needs root to make one"))
  func otherOwner() throws {
    let place = try abandonedSegment()
    #expect(unsafe chown(place.path("c"), 65534, 65534) == 0)
    expectRefusal(place, .permissionDenied, "user 65534")
  }

  @Test(
    "another user cannot open our segment", .enabled(if: isRoot, "needs root to be two users"),
    arguments: [0o600, 0o000] as [UInt32])
  func otherUser(mode: UInt32) throws {
    let place = try Place()
    let held = try place.open("c")
    #expect(unsafe chmod(place.path("c"), mode) == 0)
    // Into the directory, but not into the file.
    #expect(unsafe chmod(place.directory.path, 0o755) == 0)
    let peer = try place.peer("setuid 65534")
    let reply = try peer.ask("open c")
    #expect(reply.hasPrefix("error permissionDenied"), "\(reply)")
    #expect(place.directory.segments == ["psyne.c"])
    #expect(held.capacity > 0)
  }

  @Test(
    "a directory that forbids it is a typed error",
    .enabled(if: isRoot, "needs root to be two users"))
  func forbiddenDirectory() throws {
    let place = try Place()
    #expect(unsafe chmod(place.directory.path, 0o755) == 0)
    let peer = try place.peer("setuid 65534")
    #expect(try peer.ask("open new").hasPrefix("error permissionDenied"))
  }

  @Test("the mode is 0600 whatever the umask is", arguments: ["000", "077", "777"])
  func umaskIsOverridden(mask: String) throws {
    let place = try Place()
    let peer = try place.peer("umask \(mask)", "open c")
    var status = stat()
    #expect(unsafe stat(place.path("c"), &status) == 0)
    #expect(status.st_mode & 0o7777 == 0o600)
    #expect(try peer.ask("sender") == "ok")
  }

  @Test("a symbolic link is never followed", arguments: ["segment", "nothing", "directory"])
  func symbolicLink(target: String) throws {
    let place = try abandonedSegment()
    #expect(unsafe rename(place.path("c"), place.path("other")) == 0)
    let target =
      ["segment": place.path("other"), "directory": "/tmp"][target] ?? place.path("nowhere")
    #expect(unsafe symlink(target, place.path("c")) == 0)
    expectRefusal(place, .permissionDenied, "symbolic link")
    #expect(unsafe access(place.path("nowhere"), F_OK) != 0)
  }

  @Test("a FIFO neither blocks nor passes")
  func fifo() throws {
    let place = try Place()
    #expect(unsafe mkfifo(place.path("c"), 0o600) == 0)
    expectRefusal(place, .permissionDenied, "no regular file")
  }

  @Test("a socket is refused")
  func socketFile() throws {
    let place = try Place()
    #expect(unsafe mknod(place.path("c"), S_IFSOCK | 0o600, 0) == 0)
    expectRefusal(place, .permissionDenied, "no regular file")
  }

  @Test("a directory is refused")
  func directory() throws {
    let place = try Place()
    #expect(unsafe mkdir(place.path("c"), 0o700) == 0)
    expectRefusal(place, .permissionDenied, "no regular file")
    unsafe rmdir(place.path("c"))
  }

  @Test("a segment with a second name is refused, alive or not", arguments: [true, false])
  func hardLink(isAlive: Bool) throws {
    let place = try abandonedSegment()
    let held = isAlive ? try place.open("c") : nil
    #expect(unsafe link(place.path("c"), place.path("other")) == 0)
    expectRefusal(place, .permissionDenied, "2 names")
    _ = held
  }

  @Test("a directory that does not exist is a typed error")
  func noDirectory() throws {
    let registry = TransportRegistry([IPCTransport(directory: "/dev/shm/psyne-test.nowhere")])
    let error = transportError { () throws(TransportError) in
      _ = try registry.open("ipc://c", as: SPSCChannel<Bytes>.self)
    }
    #expect(error?.code == .system)
    #expect(error?.errno == ENOENT)
  }

  @Test(
    "a file system without unnamed files is told as such",
    .enabled(if: isRoot, "needs root to try to write there"))
  func noUnnamedFiles() throws {
    let registry = TransportRegistry([IPCTransport(directory: "/proc")])
    let error = transportError { () throws(TransportError) in
      _ = try registry.open("ipc://c", as: SPSCChannel<Bytes>.self)
    }
    #expect(error?.code == .system)
    #expect(error?.message.contains("no unnamed files") == true, "\(String(describing: error))")
    #expect(error?.message.contains("tmpfs") == true)
  }

  @Test("a process that may open no more files is told the limit")
  func noFiles() throws {
    let place = try Place()
    let peer = try place.peer("files 3")
    let reply = try peer.ask("open c")
    #expect(reply.hasPrefix("error system") && reply.contains("ulimit -n"), "\(reply)")
  }
}
