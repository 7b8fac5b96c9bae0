/// What an ``LZ4Encoder`` or an ``LZ4Decoder`` has done.
public struct LZ4Counters: Hashable, Sendable {
  /// Blocks, those that passed as they are included.
  public var blocks = 0
  /// Blocks that passed as they are.
  public var passed = 0
  /// Bytes of the blocks as messages have them.
  public var plainBytes = 0
  /// Bytes of the blocks as they travel.
  public var wireBytes = 0
  /// Time that it took.
  public var nanoseconds: UInt64 = 0

  public init() {}

  /// How many times fewer bytes travel; 1 of nothing.
  public var ratio: Double { wireBytes == 0 ? 1 : Double(plainBytes) / Double(wireBytes) }

  mutating func add(_ plain: Int, wire: Int?, since start: UInt64) {
    blocks += 1
    passed += wire == nil ? 1 : 0
    plainBytes += plain
    wireBytes += wire ?? plain
    nanoseconds &+= Syscalls.monotonicNanoseconds() &- start
  }
}
