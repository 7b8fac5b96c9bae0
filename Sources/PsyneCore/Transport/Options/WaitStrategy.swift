/// How an end of a channel waits: what it does with its processor while there is nothing to do.
///
/// Each end chooses for itself.
public enum WaitStrategy: String, CaseIterable, Sendable, OptionValue {
  /// Looks again and again, and never sleeps: wakes within 100 ns and takes a whole processor. On a
  /// machine with one processor it yields between looks.
  case spin
  /// Lets other threads run between looks (`sched_yield`), and never sleeps: takes what they leave of
  /// a processor.
  case yield
  /// Spins for about as long as a wake-up takes, 25 µs, then sleeps. The default.
  case adaptive
  /// Sleeps at once: takes no processor time that others could use, and each wake-up costs a system
  /// call at both ends.
  case park

  package static var kind: String { "way to wait" }
}
