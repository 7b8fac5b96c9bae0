internal import PsyneCompress
internal import PsyneCore

extension CodecFuzz {
  /// What an honest encoder says, as inputs: where the fuzzer begins.
  public static func seeds() -> [(name: String, input: [UInt8])] {
    let text = (0..<24).flatMap { index in
      Array(#"{"robot":"r\#(index % 5)","state":"idle","position":[\#(index).5,2.5]}"#.utf8)
    }
    let floats = (0..<400).flatMap { word(UInt32(0x3f80_0000 + $0 * 1357), 4) }
    let doubles = (0..<200).flatMap { word(0x4034_0000_0000_0000 + UInt64($0) << 30, 8) }
    let samples = (0..<600).flatMap { word(UInt16($0 * 3), 2) }
    let records = (0..<100).flatMap {
      word(UInt64($0), 8) + word(UInt64($0 * $0), 8) + word(7 as UInt64, 8)
    }
    return [
      ("text", recorded(width: 1, text, block: 300)),
      ("text-dictionary", recorded(width: 1, hasDictionary: true, text, block: 300)),
      ("floats", recorded(width: 4, shuffles: true, floats, block: 500)),
      ("floats-dictionary", recorded(width: 4, hasDictionary: true, floats, block: 402)),
      ("doubles", recorded(width: 8, shuffles: true, doubles, block: 509)),
      ("samples", recorded(width: 2, shuffles: true, samples, block: 301)),
      ("records", recorded(width: 24, shuffles: true, records, block: 500)),
      ("mixed", recorded(width: 4, Array(text.prefix(800) + floats.prefix(800)), block: 400)),
      ("honest", honest(.honest)), ("damaged", honest(.damaged)),
    ]
  }

  /// The blocks of a stream as they travel.
  private static func recorded(
    width: Int, hasDictionary: Bool = false, shuffles: Bool = false, _ stream: [UInt8], block: Int
  ) -> [UInt8] {
    let setting = Setting.byte(width: width, hasDictionary: hasDictionary, shuffles: shuffles)
    let encoder = LZ4Codec(options(Setting(setting))).makeEncoder(elementSize: width)
    var input = [setting]
    var rest = stream[...]
    while !rest.isEmpty {
      let piece = Array(rest.prefix(block))
      rest = rest.dropFirst(block)
      var encoded = [UInt8](repeating: 0, count: piece.count)
      var span = encoded.mutableSpan
      if let count = encoder.encode(piece.span, into: &span) {
        input += [Step.encoded.rawValue] + word(UInt16(piece.count - 1), 2)
        input += word(UInt16(count), 2) + encoded.prefix(count)
      } else {
        input += [Step.passed.rawValue] + word(UInt16(piece.count), 2) + piece
      }
    }
    return input
  }

  private static func honest(_ step: Step) -> [UInt8] {
    var input = [Setting.byte(width: 4)]
    for size in [40, 4000, 65535, 70] as [UInt16] {
      let pattern = (0..<37).map { UInt8($0 * 5 & 0xff) }
      input += [step.rawValue] + word(size, 2) + word(37, 2) + pattern
      if step == .damaged { input += [UInt8(size & 15), 0, 1] }
    }
    return input
  }

  private static func word<Number: FixedWidthInteger>(_ number: Number, _ bytes: Int) -> [UInt8] {
    (0..<bytes).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
}
