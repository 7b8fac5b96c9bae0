internal import Glibc
internal import PsyneCore

/// Whose a segment is and who may use it: given to a new one, and demanded of one that is there.
struct SegmentAccess {
  let mode: FileMode
  /// Nil is this process's user.
  private let owner: UInt32?
  /// Nil is this process's group.
  private let group: UInt32?

  /// - Throws: ``TransportError/Code/invalidOption`` for a user or a group that does not exist.
  init(_ options: ChannelOptions) throws(TransportError) {
    mode = options.mode ?? .ownerOnly
    owner = try Account.number("owner", "user", options.owner, Account.user)
    group = try Account.number("group", "group", options.group, Account.group)
  }

  /// Sets them, on a file that has no name yet.
  ///
  /// - Throws: ``TransportError/Code/permissionDenied`` where this process may not give files away.
  func apply(to file: borrowing File, _ path: String) throws(TransportError) {
    guard owner != nil || mode.includesGroup else { return }
    // The group even where it is ours: a directory can give files another.
    let user = owner ?? ThisProcess.effectiveUser
    let wanted = group ?? ThisProcess.effectiveGroup
    let status = try? file.status()
    if status?.owner == user, status?.group == wanted { return }
    do { try file.setOwner(user, wanted) } catch {
      let advice =
        user != ThisProcess.effectiveUser
        ? "only root can give a channel to user \(user): let that user, or root, open it first"
        : "user \(user) is not in group \(wanted): run as one that is, or name another group"
      throw TransportError(
        .permissionDenied, "cannot create \(path): \(advice) (\(error.text))", errno: error.number)
    }
  }

  /// Why a file that is there is not one to be mapped; nil if it is.
  func refusal(_ status: FileStatus) -> String? {
    let user = ThisProcess.effectiveUser
    guard status.owner == user || status.owner == owner else {
      let asked = owner.map { " and asked for owner=\($0)" } ?? ""
      return
        "it belongs to user \(status.owner), and this process runs as user \(user)\(asked): if that is meant, say owner=\(status.owner)"
    }
    let found = FileMode(rawValue: status.permissions)
    guard found == mode else {
      let isWider = status.permissions & 0o077 & ~mode.rawValue != 0
      let excess = isWider ? ", so that other users can use it" : ""
      return "its mode is \(found)\(excess); this channel's is \(mode)"
    }
    let wanted = group ?? ThisProcess.effectiveGroup
    guard !mode.includesGroup || status.group == wanted else {
      let here = group == nil ? "this process's group is" : "it was asked for with group"
      return
        "it belongs to group \(status.group), and \(here) \(wanted): if that is meant, say group=\(status.group)"
    }
    return nil
  }
}

/// Users and groups of the system.
enum Account {
  /// The number of what an option names, a number or a name.
  static func number(
    _ option: String, _ kind: String, _ text: String?, _ named: (String) -> UInt32?
  ) throws(TransportError) -> UInt32? {
    guard let text else { return nil }
    // The greatest means "leave it" to the system.
    if let number = UInt32(text), number != .max { return number }
    if let number = named(text) { return number }
    throw TransportError(
      .invalidOption,
      "\(option) '\(text)' is no \(kind) of this system: write the name of one that exists, or a number"
    )
  }

  static func user(_ name: String) -> UInt32? {
    var entry = unsafe passwd()
    return unsafe look(up: &entry) { entry, buffer, size, found in
      unsafe getpwnam_r(name, entry, buffer, size, found)
    }?.pw_uid
  }

  static func group(_ name: String) -> UInt32? {
    var entry = unsafe Glibc.group()
    return unsafe look(up: &entry) { entry, buffer, size, found in
      unsafe getgrnam_r(name, entry, buffer, size, found)
    }?.gr_gid
  }

  /// Calls `find` with room for strings, and with more while it is too little: a group can be long.
  private static func look<Entry>(
    up entry: inout Entry,
    _ find: (
      UnsafeMutablePointer<Entry>, UnsafeMutablePointer<CChar>, Int,
      UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>
    ) -> Int32
  ) -> Entry? {
    for size in [1 << 12, 1 << 16, 1 << 20] {
      var buffer = [CChar](repeating: 0, count: size)
      var found: UnsafeMutablePointer<Entry>?
      let number = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return ERANGE }
        return unsafe find(&entry, start, size, &found)
      }
      if number != ERANGE { return unsafe found == nil ? nil : entry }
    }
    return nil
  }
}
