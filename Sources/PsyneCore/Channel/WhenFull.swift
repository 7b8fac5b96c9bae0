/// What a sender does when there is no room for a message.
public enum WhenFull: Hashable, Sendable {
  /// Waits for room.
  case wait
  /// Waits for so long, then throws ``ChannelError/timedOut``.
  case waitUpTo(Duration)
  /// Throws ``ChannelError/full``.
  case fail
  /// Drops the message, and counts it.
  case dropNewest
}
