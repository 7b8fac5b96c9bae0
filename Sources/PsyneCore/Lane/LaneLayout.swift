/// Byte offsets of a lane's header, as laid out in shared memory. `docs/memory-layout.md` draws it.
///
/// Every word has one writer at a time, and words of different writers stand 128 bytes apart: the
/// adjacent-line prefetcher of x86 moves cache lines in pairs.
@frozen
public enum LaneLayout {
  /// Bytes of one lane header: a page, so that lane data that follows stays page aligned.
  public static let headerBytes = 4096

  /// `i64`, written by the sender: bytes published since the lane was created.
  public static let tail = 0
  /// `i64`, written by the receiver: bytes given back to the sender.
  public static let head = 128
  /// `u32` futex, 1 while the receiver sleeps on it.
  public static let receiverParked = 256
  /// `u32` futex, 1 while the sender sleeps on it.
  public static let senderParked = 384

  /// `u32`, 1 while a sender is attached, else 0.
  public static let senderAttached = 512
  /// `u32` ``LaneEnding`` of the last sender that left.
  public static let senderEnding = 516
  /// `u32`, how many senders have left.
  public static let senderEndings = 520
  /// `i64`, the tail at which the last sender left.
  public static let senderEndPosition = 528

  /// `u32`, 1 while a receiver is attached, else 0.
  public static let receiverAttached = 640
  /// `u32` ``LaneEnding`` of the last receiver that left.
  public static let receiverEnding = 644
  /// `u32`, how many receivers have left.
  public static let receiverEndings = 648
  /// `u32`, the value of `senderEndings` that the receiver has last reported to its caller.
  public static let receiverSeenEndings = 652

  /// `i64`, written by the receiver for each message: bytes read for good. It runs ahead of `head`,
  /// and is where the next receiver goes on.
  public static let consumed = 768

  /// Least capacity of a lane in bytes: one page.
  public static let minimumCapacity = 4096
  /// Greatest capacity of a lane in bytes. A frame's length is a `u32`.
  public static let maximumCapacity = 1 << 32
  /// Greatest stride of an element in bytes: so many of them have a size that does not overflow.
  public static let maximumElementSize = 1 << 30

  /// The capacity a lane gets when `bytes` are asked for: the next power of two.
  public static func capacity(holding bytes: Int) -> Int? {
    guard bytes > 0, bytes <= maximumCapacity else { return nil }
    guard bytes > minimumCapacity else { return minimumCapacity }
    return 1 << (Int.bitWidth - (bytes - 1).leadingZeroBitCount)
  }
}

/// How an end of a lane was left.
public enum LaneEnding: UInt32, Sendable {
  case closed = 1
  case died = 2
}
