internal import CPsyne
internal import Glibc

/// In what memory a lane's data is to lie.
public struct LanePlacement: Sendable {
  let hugePages: HugePages
  let numa: NUMAPlacement?
  /// Whose it is, for messages.
  private let channel: String

  /// Wherever the system puts it.
  public init() {
    hugePages = .never
    numa = nil
    channel = "a channel"
  }

  /// As `options` say, for the channel at `address`.
  public init(_ options: ChannelOptions, of address: ChannelAddress) {
    hugePages = options.hugePages ?? .never
    numa = options.numa
    channel = "'\(address)'"
  }

  /// What the data has to be aligned to, in the file and in the address space, to get what is asked
  /// for: ``LaneMapping/hugePageBytes``, or a page.
  public func alignment(_ capacity: Int) -> Int {
    hugePages != .never && capacity >= LaneMapping.hugePageBytes
      ? LaneMapping.hugePageBytes : LaneLayout.minimumCapacity
  }

  /// Places the data of a lane that has just been mapped, twice, at `data`.
  ///
  /// - Throws: what cannot be had and is required. What was asked for if possible is reported.
  func apply(
    to data: UnsafeMutableRawPointer, capacity: Int, dataOffset: Int
  ) throws(TransportError) {
    // The node first: memory is then huge where it belongs.
    if let numa {
      do throws(TransportError) {
        try unsafe bind(data, capacity, to: numa.node)
      } catch {
        guard case .ifPossible = numa else { throw error }
        Diagnostics.report(Diagnostic(.numa, "\(error.message); going on without"))
      }
    }
    if hugePages != .never {
      do throws(TransportError) {
        try unsafe makeHuge(data, capacity, dataOffset)
      } catch {
        guard hugePages == .ifPossible else { throw error }
        Diagnostics.report(Diagnostic(.hugePages, "\(error.message); going on without"))
      }
    }
  }
}

extension LaneMapping {
  /// Bytes of a huge page. Where it is another size, the system says no to huge pages.
  public static let hugePageBytes = 2 << 20
}

// MARK: Huge pages

extension LanePlacement {
  private func makeHuge(
    _ data: UnsafeMutableRawPointer, _ capacity: Int, _ dataOffset: Int
  ) throws(TransportError) {
    let page = LaneMapping.hugePageBytes
    guard capacity >= page else {
      throw TransportError(
        .invalidOption,
        "hugepages: \(channel) has a capacity of \(ByteCount.bytes(capacity)), which is less than a huge page: "
          + "ask for a capacity of at least \(ByteCount.bytes(page))")
    }
    guard dataOffset % page == 0 else {
      throw TransportError(
        .mismatch,
        "hugepages: \(channel) was made without huge pages in mind: close it everywhere, "
          + "and let whoever opens it first ask for them")
    }
    // For each copy by itself, as each has page tables of its own.
    for copy in 0..<2 {
      let start = unsafe data + copy * capacity
      // Where the system gives huge pages to who asks, the pages are huge from the start; everywhere
      // else they are made from small ones that are there, and that is how we learn whether they are.
      guard unsafe madvise(start, capacity, MADV_HUGEPAGE) == 0,
        unsafe madvise(start, capacity, cpsyne_madvise_populate_write()) == 0,
        unsafe madvise(start, capacity, cpsyne_madvise_collapse()) == 0
      else { throw refused(errno) }
    }
  }

  private func refused(_ number: Int32) -> TransportError {
    let advice =
      switch number {
      case ENOMEM, EAGAIN, EBUSY:
        "there is no memory in pieces of that size: free some, or echo 1 > /proc/sys/vm/compact_memory"
      default:
        "the system refuses them: echo advise > /sys/kernel/mm/transparent_hugepage/shmem_enabled (Linux 6.1 or later)"
      }
    return TransportError(
      .system, "hugepages: \(channel) cannot have huge pages (\(Errno.text(number))): \(advice)",
      errno: number)
  }
}

// MARK: Memory nodes

extension LanePlacement {
  private func bind(
    _ data: UnsafeMutableRawPointer, _ capacity: Int, to node: Int
  ) throws(TransportError) {
    let nodes = MemoryNodes.all
    guard nodes.contains(node) else {
      throw TransportError(
        .invalidOption,
        "numa: there is no memory node \(node) for \(channel); this machine has "
          + nodes.map(String.init).joined(separator: ", "))
    }
    // A kernel that knows no nodes has its memory where it is wanted.
    guard MemoryNodes.areKnown else { return }
    // For pages to come first. Then they come, and those that were there already are moved: they are
    // only where one mapping has them, so the other copy has to wait.
    guard unsafe cpsyne_bind_memory(data, capacity, UInt32(node), false) == 0,
      unsafe madvise(data, capacity, cpsyne_madvise_populate_write()) == 0,
      unsafe cpsyne_bind_memory(data, capacity, UInt32(node), true) == 0
    else { throw refused(errno, node) }
  }

  private func refused(_ number: Int32, _ node: Int) -> TransportError {
    let advice =
      switch number {
      case EIO: "its memory is on another node, and in use: close it everywhere and open it again"
      case EPERM, ENOSYS: "the system forbids it here: in a container, allow mbind (CAP_SYS_NICE)"
      case ENOMEM: "the node has no memory left"
      default: "this process may not use the node: see its cpuset"
      }
    return TransportError(
      .system,
      "numa: \(channel) cannot be put on memory node \(node) (\(Errno.text(number))): \(advice)",
      errno: number)
  }
}
