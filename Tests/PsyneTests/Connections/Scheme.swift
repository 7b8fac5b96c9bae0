import Glibc
import Psyne
import Synchronization
import Testing

/// The transports that the same tests run over.
enum Scheme: String, CaseIterable, CustomTestStringConvertible {
  case memory, ipc, tcp

  private static let count = Atomic<Int>(0)

  /// An address that nobody else listens at.
  func address(_ options: String = "") -> String {
    let suffix = options.isEmpty ? "" : "?\(options)"
    guard self != .tcp else { return "tcp://127.0.0.1:0\(suffix)" }
    let number = Self.count.wrappingAdd(1, ordering: .relaxed).newValue
    return "\(self)://connections-\(getpid())-\(number)\(suffix)"
  }

  var testDescription: String { rawValue }
}
