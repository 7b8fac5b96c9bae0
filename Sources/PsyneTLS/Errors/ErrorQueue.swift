internal import COpenSSL

/// The library's errors of this thread. Those of one call are told from those of the last by clearing.
enum ErrorQueue {
  struct Entry {
    let library: Int32
    let reason: Int32
    /// The library's words.
    let text: String
  }

  static func clear() { ERR_clear_error() }

  /// The first since it was cleared, which is the cause of the others. Clears it.
  static func take() -> Entry? {
    let code = ERR_peek_error()
    defer { ERR_clear_error() }
    guard code != 0 else { return nil }
    let text = unsafe ERR_reason_error_string(code).map { unsafe String(cString: $0) }
    return Entry(
      library: ERR_GET_LIB(code), reason: ERR_GET_REASON(code), text: text ?? "error \(code)")
  }

  /// Its words alone.
  static var reason: String { take()?.text ?? "no reason is given" }
}
