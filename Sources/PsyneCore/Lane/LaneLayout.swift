/// Byte offsets of a lane's header, as laid out in shared memory. `docs/memory-layout.md` draws it.
///
/// Every word has one writer at a time, unless it says otherwise, and words of different writers
/// stand 128 bytes apart: the adjacent-line prefetcher of x86 moves cache lines in pairs.
@frozen
public enum LaneLayout {
  /// `i64`, written by the sender: bytes published since the lane was created.
  public static let tail = 0
  /// `i64`, written by the sender now and then: messages published up to ``counted``.
  public static let messages = 8
  /// `i64`, written by the sender: how often it found no room and had to wait.
  public static let fullWaits = 16
  /// `i64`, written by the sender: messages it dropped because there was no room.
  public static let drops = 24
  /// `i64`, written by the sender with ``messages``: what was published behind it is still in the lane.
  /// ``counting`` while it writes both.
  public static let counted = 32
  @usableFromInline static let counting = -1

  /// `i64`: bytes given back to the sender. Written by the receiver where there can be one, else by
  /// the sender, which finds it in the cursors.
  public static let head = 128
  /// `u32`: 1 if a receiver may be asleep. Set by receivers, cleared by the sender.
  public static let receiversParked = 256
  /// `u32` futex, 1 while the sender sleeps on it.
  public static let senderParked = 384

  /// `u32`, 1 while a sender is attached, else 0.
  public static let senderAttached = 512
  /// `u32` ``LaneEnding`` of the last sender that left.
  public static let senderEnding = 516
  /// `u32`, how many senders have left.
  public static let senderEndings = 520
  /// `u32`, slot of the party that attached last, plus 1; 0 if nobody has.
  public static let senderParty = 524
  /// `i64`, the tail at which the last sender left.
  public static let senderEndPosition = 528

  /// `u32`, the value of `senderEndings` that a receiver has last reported to its caller. Only where
  /// there can be one receiver.
  public static let seenEndings = 640

  /// `u64` ``ClaimWord``, moved by whichever receiver claims. Only where receivers share the lane.
  public static let claim = 768

  // A broadcast's terms; see ``BroadcastTerms``.
  /// `u64`: number of the term in this lane, 0 if none.
  public static let term = 896
  /// `i64`: where the term begins.
  public static let termStart = 904
  /// `i64`: messages sent before the term.
  public static let termMessages = 912
  /// `i64`: where the term ends; -1 while it is the current one.
  public static let termEnd = 920
  /// `i64`: messages sent up to the end of the term.
  public static let termEndMessages = 928

  /// Of the first ``CursorLayout``.
  public static let cursors = 1024

  /// Bytes of a lane's header for so many receivers: whole pages, so that what follows is aligned.
  public static func headerBytes(consumers: Int) -> Int {
    (cursors + consumers * CursorLayout.bytes + pageBytes - 1) & ~(pageBytes - 1)
  }

  static let pageBytes = 4096

  /// Least capacity of a lane in bytes: one page.
  public static let minimumCapacity = 4096
  /// Greatest capacity of a lane in bytes. A frame's length is a `u32`.
  public static let maximumCapacity = 1 << 32
  /// No position gets as far as this, 4 EiB: below it, a position and a frame add up without overflow.
  static let positionLimit = 1 << 62
  /// Greatest stride of an element in bytes: so many of them have a size that does not overflow.
  public static let maximumElementSize = 1 << 30

  /// `count`, or one more than any lane holds: that a message is too large is found where there is no room
  /// for it. Traps on less than none.
  @inlinable @inline(__always)
  static func elements(_ count: Int) -> Int {
    precondition(count >= 0, "a message cannot have less than no elements")
    return min(count, maximumCapacity &+ 1)
  }

  /// Of a matrix: their product, or more than any lane holds. Traps as ``elements(_:)`` does.
  @inlinable @inline(__always)
  static func elements(_ rows: Int, _ columns: Int) -> Int {
    let (count, overflows) = rows.multipliedReportingOverflow(by: columns)
    return overflows ? .max : count
  }

  /// The capacity a lane gets when `bytes` are asked for: the next power of two.
  public static func capacity(holding bytes: Int) -> Int? {
    guard bytes > 0, bytes <= maximumCapacity else { return nil }
    guard bytes > minimumCapacity else { return minimumCapacity }
    return 1 << (Int.bitWidth - (bytes - 1).leadingZeroBitCount)
  }
}

/// Byte offsets within a cursor: where one receiver stands in one lane. Written by that receiver.
@frozen
public enum CursorLayout {
  public static let bytes = 128

  /// `i64`, stored for each message: everything before it is read for good, or was never claimed.
  public static let done = 0
  /// `i64`: end of what the receiver has claimed, or is about to claim.
  public static let claimed = 8
  /// `i64`: end of a claim that is known to have succeeded. Raised by whoever claims next.
  public static let confirmed = 16
  /// `i64`: end of the batch that is lent, where one is.
  public static let handed = 24
  /// `i64`: the last position at which the receiver looked whether the sender sleeps.
  public static let released = 32
  /// `u64`: number of the broadcast term the receiver reads, which is kept for it; 0 if none.
  public static let pinned = 40
}

/// Byte offsets within the channel's own header, which stands before those of its lanes.
@frozen
public enum ChannelLayout {
  public static let headerBytes = 8192

  /// `u64`: number of a broadcast's current term.
  public static let term = 0

  /// Of the first receiver's slot.
  public static let slots = 128
  public static let slotBytes = 128
  /// Most receivers of one channel, and most senders.
  public static let maximumParties = 63

  // Within a receiver's slot. It alone writes to it, but for the futex.
  /// `u32` futex, 1 while the receiver sleeps on it.
  public static let parked = 0
  /// `u32`, 1 while a receiver is attached, else 0.
  public static let attached = 4
  /// `u32` ``LaneEnding`` of the last receiver that left.
  public static let ending = 8
  /// `u32`, how many receivers have left the slot.
  public static let endings = 12
  /// `u32`, slot of the party that attached last, plus 1; 0 if nobody has.
  public static let party = 16
  /// `i64`: how often the receiver found nothing and had to wait.
  public static let emptyWaits = 24
  /// `i64`: messages it received that may have been received before.
  public static let redeliveries = 32
  /// `i64`: most bytes it has found unread in a lane.
  public static let highWater = 40
  /// `i64`: messages of a broadcast that it has lost.
  public static let lost = 48
  /// `u32`: 1 if a broadcast's sender has evicted it.
  public static let evicted = 56
}

/// How an end of a channel was left.
public enum LaneEnding: UInt32, Sendable {
  case closed = 1
  case died = 2
}
