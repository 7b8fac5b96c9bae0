internal import Glibc

/// Readings as a robot's joints give them: eight sensors, each a thousand times a second, one after the other.
///
/// A converter of 12 bits measures temperatures and voltages, with noise of half a step; an encoder of 4096
/// steps a turn measures positions. So all have the resolution that such devices have, and their last steps
/// are noise. The clock has nanoseconds, and is up to 20 µs late.
struct Robot {
  private static let sensors = 8
  private var random = Noise(seed: 7)
  private var index = 0

  mutating func next() -> Reading {
    defer { index += 1 }
    let sensor = index % Self.sensors
    let phase = Double(sensor)
    let seconds = Double(index) / 8000
    let warmth = 20 + 3 * phase + 4 * sin(seconds / 30 + phase) + 0.1 * sin(3 * seconds)
    let temperature = measured(warmth, from: -40, to: 125)
    let voltage = measured(24 + 0.5 * sin(2 * seconds + phase), from: 0, to: 36)
    let turn = sin(1.3 * seconds + 0.7 * phase) * 3 / (1 + 0.2 * phase) / (2 * .pi)
    var flags: UInt32 = temperature > 40 ? 3 : 1
    if random.below(2000) == 0 { flags |= 4 }
    return Reading(
      time: 1_700_000_000_000_000_000 + UInt64(index) * 125_000 + random.below(20_000),
      sensor: UInt32(sensor), counter: UInt32(index / Self.sensors), temperature: temperature,
      voltage: voltage, position: Float((turn * 4096).rounded()) * Float(2 * Double.pi / 4096),
      flags: flags)
  }

  /// What a converter of 12 bits makes of it.
  private mutating func measured(_ value: Double, from low: Double, to high: Double) -> Float {
    let step = (high - low) / 4095
    let steps = ((value - low) / step + random.normal() / 2).rounded()
    return Float(steps) * Float(step) + Float(low)
  }
}

/// Numbers that look random, and are the same in every process.
struct Noise {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func below(_ limit: UInt64) -> UInt64 { next() % limit }

  /// About normal, of variance 1: the sum of twelve.
  mutating func normal() -> Double {
    (0..<12).reduce(-6.0) { sum, _ in sum + Double(next() >> 11) * 0x1p-53 }
  }
}
