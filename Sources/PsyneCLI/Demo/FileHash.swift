enum FileHash {
  /// Of all of them one after the other.
  static func of(_ paths: [String]) async throws -> String {
    let script = #"cat -- "$@" | sha256sum"#
    let text = try await Child.output(of: "sh", ["-c", script, "sh"] + paths)
    let digest = text.prefix { $0 != " " }
    guard digest.count == 64 else {
      throw Failure(.failure, "sha256sum printed no hash, but '\(text)'")
    }
    return String(digest)
  }
}
