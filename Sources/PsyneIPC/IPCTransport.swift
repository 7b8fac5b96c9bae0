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
      "hugepages", "numa",
    ]
  }

  public func open(
    _ address: ChannelAddress, format: MessageFormat, options: ChannelOptions
  ) throws(TransportError) -> Lane {
    let name = try address.name()
    let opening = SegmentOpening(
      address: address, directory: directory, path: "\(directory)/psyne.\(name)", format: format,
      capacity: try options.laneCapacity(), access: try SegmentAccess(options),
      placement: LanePlacement(options, of: address))
    let segment = try opening.open()
    let lane = Lane(mapping: segment.mapping, format: format, custody: segment)
    OpenLanes.add(lane)
    return lane
  }
}

/// The lanes to be closed when the process exits, since global variables are never deinitialised.
private enum OpenLanes {
  private struct Entry {
    weak var lane: Lane?
  }

  private static let entries = Mutex<[Entry]>([])

  private static let closesAtExit: Void = {
    atexit { OpenLanes.close() }
  }()

  static func add(_ lane: Lane) {
    _ = closesAtExit
    entries.withLock { entries in
      entries.removeAll { $0.lane == nil }
      entries.append(Entry(lane: lane))
    }
  }

  private static func close() {
    let lanes = entries.withLock { $0.compactMap(\.lane) }
    for lane in lanes { lane.leave(as: .closed) }
  }
}
