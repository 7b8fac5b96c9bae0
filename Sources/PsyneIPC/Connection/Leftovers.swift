internal import Glibc
internal import PsyneCore

/// The channels of connections both sides of which were killed: nobody will ever say their names again,
/// so that nobody would adopt them, as other channels that dead processes leave behind.
///
/// They are removed by whoever listens or connects under the same name. That never takes a living one:
///
/// - A file that has its name has had a party from before: who creates a segment locks its slot while
///   the file has no name yet. So no party means that all have died, and not that one is still coming.
/// - Others join, leave and remove a segment in its gate. It is looked at and removed in the gate.
///   Whoever has opened the file and waits for the gate finds that it has no name any more, and that is
///   nothing to it but a channel that has gone.
/// - Only files are removed that are called as a connection's, that are segments of this version, whose
///   locks are known, and that are this user's.
enum Leftovers {
  /// Removes those of all connections to the listener called `name`. Costs a look at every file of the
  /// directory, and at one of each connection.
  static func sweep(_ name: String, _ transport: IPCTransport) {
    for announcement in announcements(of: name, in: directory(of: transport)) {
      let channels = announcement.channels(of: name)
      // Who connects has all of them open from the first, which is this, until it is gone: where it is
      // alive the others need no look.
      if !isAlive(transport.path(of: channels.upLife)) { remove(channels, transport) }
    }
  }

  /// Removes those of one connection, if both sides are gone.
  static func remove(_ channels: Announcement.Channels, _ transport: IPCTransport) {
    for name in channels.all { remove(transport.path(of: name)) }
  }

  private static func isAlive(_ path: String) -> Bool {
    // To look at only: to close a file that was open for writing wakes those who watch over it.
    guard let file = try? File.toRead(at: path) else { return false }
    return file.hasOtherParties
  }

  private static func remove(_ path: String) {
    guard !isAlive(path), let file = try? File.existing(at: path) else { return }
    // Who is in the gate is about to join, or to leave and then perhaps remove it. A stopped one is not
    // waited for.
    guard file.enterGate(until: ContinuousClock.now + .milliseconds(50)), isDead(file, path)
    else { return }
    // Closing the file opens the gate.
    guard unsafe unlink(path) != 0, errno != ENOENT else { return }
    let error = SystemError()
    Diagnostics.report(
      Diagnostic(
        .leftBehind,
        "\(path), which dead processes left behind, could not be removed (\(error.text))"))
  }

  /// Called in the gate.
  private static func isDead(_ file: borrowing File, _ path: String) -> Bool {
    guard !file.hasOtherParties, let here = try? file.status(), here.isRegular, here.links == 1,
      // In a directory as /dev/shm only its owner may remove it, and root.
      here.owner == ThisProcess.effectiveUser || ThisProcess.effectiveUser == 0,
      let there = FileStatus.of(path), here.isSameFile(as: there),
      let header = try? file.read(SegmentLayout.headerBytes, at: 0)
    else { return false }
    return (try? SegmentHeader(header, fileBytes: here.bytes)) != nil
  }

  // MARK: Names

  private static func directory(of transport: IPCTransport) -> String {
    let path = transport.path(of: "")
    return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
  }

  /// Of whose channels there are files.
  private static func announcements(of name: String, in directory: String) -> Set<Announcement> {
    let prefix = "psyne.\(name)."
    guard let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) else { return [] }
    var found: Set<Announcement> = []
    // A directory that cannot be read is told of by what is created in it.
    guard let stream = unsafe opendir(directory) else { return [] }
    defer { unsafe closedir(stream) }
    while let entry = unsafe readdir(stream) {
      // Where it lies: an entry is shorter than the type says.
      let file = unsafe (UnsafeRawPointer(entry) + nameOffset).assumingMemoryBound(to: CChar.self)
      guard unsafe strncmp(file, prefix, prefix.utf8.count) == 0 else { continue }
      let rest = unsafe String(cString: file + prefix.utf8.count)
      if let announcement = Announcement(nameOfChannel: rest) { found.insert(announcement) }
    }
    return found
  }
}
