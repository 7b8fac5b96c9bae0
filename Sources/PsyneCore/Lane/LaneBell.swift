/// Told what happens on a channel whose other side is no thread that could sleep for it: a socket, or a
/// receiver of many channels. Every function is called on whichever thread it happens, must not block,
/// and may be called by its own owner's doings.
open class LaneBell: @unchecked Sendable {
  // Unchecked: it has no state; what a subclass has is its own to guard.
  public init() {}

  /// Something was sent, and the lane said that its receiver may be asleep: it says so no longer.
  open func published() {}
  /// Room was made, and the lane said that its sender may be asleep: it says so no longer.
  open func freed() {}
  /// An end was taken or left.
  open func changed() {}
  /// So many bytes a sender writes before it has ``flush(all:)`` called, without a word for each message.
  open var quantum: Int { .max }
  /// The longest frame in bytes that whoever is at the other side takes.
  open var largestFrame: Int { .max }
  /// Called by a sender that has written ``quantum`` bytes, or has no room, after it has published them.
  ///
  /// - Parameter all: whether it has no room. Else it goes on, and a rest may wait for what follows.
  open func flush(all: Bool) {}
  /// A task that sends is about to wait: its thread does not.
  open func suspends() {}
  /// An end was told to look again: one that is in ``wait(on:until:spin:)`` has to return.
  open func roused() {}
  /// Whether the other side issues a full fence between what it publishes and its look at whether anybody
  /// sleeps: who goes to sleep then needs no barrier for both.
  open var fencesForItself: Bool { false }
  /// Called by a thread that would now sleep on the futex `word` while it is 1, until `deadline` on the
  /// monotonic clock in nanoseconds: does what there is to do meanwhile and returns true, or false if
  /// the thread is to sleep by itself.
  ///
  /// - Parameter spin: for how many nanoseconds to stay awake first.
  @unsafe
  open func wait(on word: UnsafeRawPointer, until deadline: Int64, spin: Int64) -> Bool { false }
  /// Does what there is to do, for a thread that looks again and again instead of sleeping.
  open func poll() {}
  /// Whether a thread that waits is better off with ``wait(on:until:spin:)`` at once than spinning before.
  open var sleepsAtOnce: Bool { false }
}
