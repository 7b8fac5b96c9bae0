/// Whether a channel's memory is to lie in pages of 2 MiB: fewer misses of the address cache where a
/// channel is larger than the processor's caches.
public enum HugePages: String, CaseIterable, Sendable, OptionValue {
  /// Ordinary pages. The default.
  case never = "no"
  /// Huge pages where they can be had; where not, a ``Diagnostic`` says why.
  case ifPossible = "try"
  /// Opening fails without them.
  case required = "yes"

  package static var kind: String { "answer" }
}
