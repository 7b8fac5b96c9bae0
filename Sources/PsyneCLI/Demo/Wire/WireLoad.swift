internal import ArgumentParser
internal import Glibc
internal import Psyne

/// What is sent over a slow wire. Both ends make the same of it. docs/compression.md says what it is.
enum WireLoad: String, CaseIterable, ExpressibleByArgument {
  case json, telemetry, vectors, noise

  var title: String {
    switch self {
    case .json: "JSON telemetry"
    case .telemetry: "binary telemetry"
    case .vectors: "float vectors"
    case .noise: "random bytes"
    }
  }

  /// How many times as much shall arrive if it is compressed.
  var goal: (ratio: Double, text: String) {
    switch self {
    case .json, .vectors: (4, "4")
    case .telemetry: (2, "2")
    case .noise: (0.98, "0.98")
    }
  }

  /// The work of one end.
  func carry(_ bytes: Int, _ end: WireEnd, at address: String) throws {
    switch self {
    case .json: try end.carry(json(bytes), at: address)
    case .telemetry: try end.carry(readings(bytes), at: address)
    case .vectors: try end.carry(vectors(bytes), at: address)
    case .noise: try end.carry(noise(bytes), at: address)
    }
  }

  // MARK: Contents

  func json(_ bytes: Int) -> WireParcel<Text> {
    var robot = Robot()
    return WireParcel(bytes) { text, _ in
      let reading = robot.next()
      text += "{\"time\":".utf8
      text += Self.decimal(Int(reading.time / 1000), 6)
      text += ",\"sensor\":\"arm/joint-\(reading.sensor)\",\"counter\":\(reading.counter)".utf8
      for (name, value, places) in [
        ("temperature", reading.temperature, 2), ("voltage", reading.voltage, 2),
        ("position", reading.position, 4),
      ] {
        text += ",\"\(name)\":".utf8
        let unit = places == 2 ? 100 : 10_000
        text += Self.decimal(Int((Double(value) * Double(unit)).rounded()), places)
      }
      text += reading.flags & 2 == 0 ? ",\"warm\":false}".utf8 : ",\"warm\":true}".utf8
    }
  }

  func readings(_ bytes: Int) -> WireParcel<Reading> {
    var robot = Robot()
    return WireParcel(bytes) { readings, _ in readings.append(robot.next()) }
  }

  func vectors(_ bytes: Int) -> WireParcel<FloatVector> {
    WireParcel(bytes) { elements, index in
      for element in 0..<1024 { elements.append(Float(index + element) * 0.1) }
    }
  }

  func noise(_ bytes: Int) -> WireParcel<Bytes> {
    var random = Noise(seed: 7)
    return WireParcel(bytes) { elements, _ in
      for _ in 0..<512 {
        let number = random.next()
        for byte in 0..<8 { elements.append(UInt8(truncatingIfNeeded: number >> (8 * byte))) }
      }
    }
  }

  /// A number of so many decimals, the last of which counts 1.
  private static func decimal(_ number: Int, _ places: Int) -> [UInt8] {
    var digits = Array(String(number.magnitude).utf8)
    while digits.count <= places { digits.insert(0x30, at: 0) }
    digits.insert(0x2e, at: digits.count - places)
    return number < 0 ? [0x2d] + digits : digits
  }
}
