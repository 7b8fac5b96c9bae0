import TestSupport

/// Kinds of traffic: streams of frames as a connection has them, a header of 8 bytes before each message.
enum Stream: String, CaseIterable, Sendable {
  case json, telemetry, sine, noisySine, adc, sparse, embeddings, doubles, audio, random, zero

  /// Bytes of an element of the messages.
  var elementSize: Int {
    switch self {
    case .json, .random, .zero: 1
    case .telemetry: 48
    case .sine, .noisySine, .adc, .sparse, .embeddings: 4
    case .doubles: 8
    case .audio: 2
    }
  }

  /// - Parameter payload: bytes of a message, about.
  func bytes(_ count: Int, payload: Int = 1024, seed: UInt64) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    var stream: [UInt8] = []
    stream.reserveCapacity(count + payload + 64)
    var next = 0
    while stream.count < count {
      var message: [UInt8] = []
      while message.count < payload {
        message += element(next, &random)
        next += 1
      }
      stream += Self.number(UInt32(message.count)) + Self.number(7 as UInt32) + message
      stream += [UInt8](repeating: 0, count: -stream.count & 7)
    }
    return Array(stream.prefix(count))
  }

  private func element(_ index: Int, _ random: inout SeededGenerator) -> [UInt8] {
    switch self {
    case .json:
      let value = Int.random(in: 0..<100_000, using: &random)
      let state = random.pick(["moving", "idle", "charging"])
      return Array(
        """
        {"robot":"r\(index % 17)","time":\(1_700_000_000_000 + index * 13),"state":"\(state)",\
        "battery":\(value % 101),"position":[\(value / 100).\(value % 10),\(value % 977).5],"ok":true}

        """.utf8)
    case .telemetry:
      let time = 1_700_000_000_000_000 + UInt64(index) * 10_003
      return Self.number(UInt64(index)) + Self.number(time)
        + Self.number(UInt32(index % 12))
        + Self.number(Float(20 + Int.random(in: 0..<40, using: &random)).bitPattern)
        + Self.number(UInt32.random(in: 0..<4096, using: &random)) + Self.number(0 as UInt32)
        + Self.number(Self.wave(index, 4000).bitPattern) + Self.number(1.5.bitPattern)
    case .sine: return Self.number(Float(Self.wave(index, 5000)).bitPattern)
    case .noisySine:
      let noise = Double.random(in: -1e-3...1e-3, using: &random)
      return Self.number(Float(Self.wave(index, 5000) + noise).bitPattern)
    case .adc:
      // What a converter of 12 bits has measured, in volts.
      let noise = Double.random(in: -1...1, using: &random)
      let steps = (Self.wave(index, 20000) * 2000 + noise / 2).rounded()
      return Self.number(Float(steps / 1024).bitPattern)
    case .sparse:
      let isZero = Int.random(in: 0..<10, using: &random) > 0
      return Self.number(
        isZero ? 0 : Float.random(in: -1...1, using: &random).bitPattern)
    case .embeddings:
      var sum: Float = 0
      for _ in 0..<6 { sum += Float.random(in: -0.1...0.1, using: &random) }
      return Self.number(sum.bitPattern)
    case .doubles: return Self.number((1e6 + Double(index) * 0.125).bitPattern)
    case .audio:
      let noise = Double.random(in: -20...20, using: &random)
      return Self.number(UInt16(bitPattern: Int16(Self.wave(index, 100) * 3000 + noise)))
    case .random: return Self.number(random.next())
    case .zero: return Self.number(0 as UInt64)
    }
  }

  /// Of a few waves, none of which repeats soon.
  private static func wave(_ index: Int, _ period: Double) -> Double {
    let angle = Double(index) / period * 2 * .pi
    return 0.7 * sine(angle) + 0.2 * sine(angle * 2.718) + 0.1 * sine(angle * 0.577)
  }

  /// Without a library: a series.
  private static func sine(_ angle: Double) -> Double {
    let turn = (angle / (2 * .pi)).rounded()
    let x = angle - turn * 2 * .pi
    var (term, sum) = (x, x)
    for k in 1...9 {
      term *= -x * x / Double(2 * k * (2 * k + 1))
      sum += term
    }
    return sum
  }

  static func number<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
}
