public import PsyneCore
internal import Synchronization

/// What was reported in this process since the first test asked. Tests run side by side: look for
/// what only yours can have caused.
public final class DiagnosticLog: Sendable {
  public static let shared = DiagnosticLog()

  private let diagnostics = Mutex<[Diagnostic]>([])

  private init() {
    Diagnostics.setHandler { [self] diagnostic in diagnostics.withLock { $0.append(diagnostic) } }
  }

  /// The messages of `code` that mention `text`.
  public func messages(_ code: Diagnostic.Code, mentioning text: String) -> [String] {
    diagnostics.withLock { diagnostics in
      diagnostics.filter { $0.code == code && $0.message.contains(text) }.map(\.message)
    }
  }
}
