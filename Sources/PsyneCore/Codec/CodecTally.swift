internal import Synchronization

/// Counts what an encoder or a decoder does: by the one thread that uses it, for any thread to read. To count
/// costs no locked instruction.
@safe
public final class CodecTally: @unchecked Sendable {
  // Unchecked: a constant pointer to atomics.
  private let names: [String]
  private let counts: UnsafeMutablePointer<Atomic<Int>>

  private static let general = 5

  /// - Parameter names: of what the codec counts beside, for ``CodecCounters/own``.
  public init(_ names: String...) {
    self.names = names
    unsafe counts = .allocate(capacity: Self.general + names.count)
    for index in 0..<Self.general + names.count {
      unsafe (counts + index).initialize(to: Atomic(0))
    }
  }

  deinit {
    unsafe counts.deinitialize(count: Self.general + names.count)
    unsafe counts.deallocate()
  }

  /// Counts a block.
  ///
  /// - Parameter wire: its bytes as they travel; nil if it passed as it is.
  public func add(plain: Int, wire: Int?, nanoseconds: Int64) {
    count(0, 1)
    if wire == nil { count(1, 1) }
    count(2, plain)
    count(3, wire ?? plain)
    count(4, Int(nanoseconds))
  }

  /// Counts one more of the codec's own.
  ///
  /// - Parameter own: the place of its name.
  public func add(own: Int) {
    precondition(names.indices.contains(own), "a counter has a name")
    count(Self.general + own, 1)
  }

  /// There is one writer.
  private func count(_ index: Int, _ more: Int) {
    let sum = unsafe counts[index].load(ordering: .relaxed) &+ more
    unsafe counts[index].store(sum, ordering: .relaxed)
  }

  /// What was counted until now. The numbers may belong to slightly different moments.
  public var counters: CodecCounters {
    func count(_ index: Int) -> Int { unsafe counts[index].load(ordering: .relaxed) }
    var counters = CodecCounters()
    counters.blocks = count(0)
    counters.passed = count(1)
    counters.plainBytes = count(2)
    counters.wireBytes = count(3)
    counters.time = .nanoseconds(count(4))
    for (index, name) in names.enumerated() { counters.own[name] = count(Self.general + index) }
    return counters
  }
}
