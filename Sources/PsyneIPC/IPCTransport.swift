internal import Glibc
public import PsyneCore
internal import Synchronization

/// `ipc://name`: channels between the processes of one machine, in shared memory.
///
/// The channel is a file in /dev/shm that only its user can open unless `mode` admits others, removed
/// when its last party leaves. What dead processes left behind is adopted with its unread messages, or
/// replaced.
///
/// A process that ends by returning from its main program or by calling `exit` closes its channels
/// in order; one that is killed or crashes has died, and its peer is told.
///
/// A child made by `fork` has none of its parent's channels: its copies of their files are closed before
/// `fork` returns in it, so that its parent's death is seen while it lives. It may open channels of its
/// own; ends that it has inherited must only be dropped.
///
/// - Important: A child made by the bare system call (`clone`, `_Fork`) does not close them: then its
///   parent counts as alive until the child has ended too, or runs another program.
public struct IPCTransport: Transport {
  private let directory: String

  /// - Parameter directory: where segments live; a memory file system.
  public init(directory: String = "/dev/shm") { self.directory = directory }

  public var scheme: String { "ipc" }

  public var optionNames: [String] {
    [
      "capacity", "producers", "consumers", "wait", "slow", "full", "mode", "owner", "group",
      "hugepages", "numa", "connecttimeout",
    ]
  }

  /// The file of the channel called `name`.
  func path(of name: String) -> String { "\(directory)/psyne.\(name)" }

  public func open(
    _ address: ChannelAddress, kind: ChannelKind, format: MessageFormat, options: ChannelOptions
  ) throws(TransportError) -> LaneSet {
    let name = try address.name()
    let opening = SegmentOpening(
      address: address, directory: directory, path: path(of: name), kind: kind,
      format: format, options: options, access: try SegmentAccess(options),
      placement: LanePlacement(options, of: address))
    let lanes = try opening.open()
    OpenChannels.add(lanes)
    return lanes
  }

  public func listen(
    _ address: ChannelAddress, format: MessageFormat, options: ChannelOptions,
    accept: @escaping @Sendable (Carrier) throws(TransportError) -> Void
  ) throws(TransportError) -> any ListeningPlace {
    try IPCPlace(address, self, format, options, accept)
  }

  public func connect(
    _ address: ChannelAddress, format: MessageFormat, options: ChannelOptions
  ) throws(TransportError) -> Carrier {
    try IPCDoor.connect(address, self, format, options)
  }
}

/// The channels to be closed when the process exits, since global variables are never deinitialised.
package enum OpenChannels {
  private struct Entry {
    weak var lanes: LaneSet?
  }

  private static let entries = Mutex<[Entry]>([])

  private static let closesAtExit: Void = {
    atexit { OpenChannels.leave(as: .closed) }
  }()

  static func add(_ lanes: LaneSet) {
    _ = closesAtExit
    entries.withLock { entries in
      entries.removeAll { $0.lanes == nil }
      entries.append(Entry(lanes: lanes))
    }
  }

  /// Leaves them all, for a process that is about to end: what it is the last to leave is removed.
  package static func leave(as ending: LaneEnding) {
    let open = entries.withLock { $0.compactMap(\.lanes) }
    for lanes in open { lanes.leave(as: ending) }
  }
}
