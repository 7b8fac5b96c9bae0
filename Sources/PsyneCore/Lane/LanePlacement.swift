/// In what memory a lane's data is to lie.
public struct LanePlacement: Sendable {
  let hugePages: HugePages
  let numa: NUMAPlacement?
  /// Whose it is, for messages.
  let channel: String

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
  /// for: ``ChannelMapping/hugePageBytes``, or a page.
  public func alignment(_ capacity: Int) -> Int {
    hugePages != .never && capacity >= ChannelMapping.hugePageBytes
      ? ChannelMapping.hugePageBytes : LaneLayout.minimumCapacity
  }

  /// Throws if something is required that a lane which exists in this process was not made with.
  func check(against existing: LanePlacement) throws(TransportError) {
    if hugePages == .required, existing.hugePages != .required { throw madeWithout }
    if case .required(let node) = numa, existing.numa != .required(node: node) {
      throw TransportError(
        .mismatch,
        "numa: \(channel) exists without memory node \(node): close it everywhere, "
          + "and let whoever opens it first ask for the node")
    }
  }

  var madeWithout: TransportError {
    TransportError(
      .mismatch,
      "hugepages: \(channel) was made without huge pages in mind: close it everywhere, "
        + "and let whoever opens it first ask for them")
  }

  /// The first offset from `offset` at which the data of lanes can begin.
  public func aligned(_ offset: Int, _ capacity: Int) -> Int {
    let alignment = alignment(capacity)
    return (offset + alignment - 1) & ~(alignment - 1)
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
