internal import Psyne

/// What a codec has done, for people.
enum CodecReport {
  /// "encoded 8.00 MiB into 967 KiB, 8.47 times fewer, in 4.40 ms: 131 blocks, 2 as they are, 12 shuffled"
  static func encoded(_ counters: CodecCounters) -> String {
    "encoded \(Format.bytes(counters.plainBytes)) into \(Format.bytes(counters.wireBytes))"
      + rest(counters)
  }

  static func decoded(_ counters: CodecCounters) -> String {
    "decoded \(Format.bytes(counters.wireBytes)) into \(Format.bytes(counters.plainBytes))"
      + rest(counters)
  }

  private static func rest(_ counters: CodecCounters) -> String {
    let own = counters.own.filter { $0.value > 0 }.sorted { $0.key < $1.key }
      .map { ", \(Format.count($0.value)) \($0.key)" }.joined()
    let blocks = Format.count(counters.blocks, of: "block")
    return ", \(Format.short(counters.ratio)) times fewer, in \(Format.time(counters.time)): "
      + "\(blocks), \(Format.count(counters.passed)) as they are\(own)"
  }
}
