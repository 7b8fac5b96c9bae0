/// Suggestions for mistyped words.
enum Spelling {
  /// " (did you mean 'ipc'?)" for the nearest word, or nothing if none is near.
  static func hint(for word: String, among candidates: [String]) -> String {
    let near = candidates.map { (word: $0, distance: distance(word.lowercased(), $0)) }
      .min { $0.distance < $1.distance }
    guard let near, near.distance <= max(1, near.word.count / 3) else { return "" }
    return " (did you mean '\(near.word)'?)"
  }

  /// Insertions, deletions and replacements from one word to the other.
  private static func distance(_ a: String, _ b: String) -> Int {
    // Letters that changed places are the commonest slip of all, and nearer than any other.
    if a.sorted() == b.sorted() { return 0 }
    // Longer words are no slips of the finger; the bound also bounds the work.
    guard a.utf8.count <= 64, b.utf8.count <= 64 else { return .max }
    var row = Array(0...b.utf8.count)
    for (i, x) in a.utf8.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.utf8.enumerated() {
        let replaced = diagonal + (x == y ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
      }
    }
    return row[b.utf8.count]
  }
}
