internal import Psyne
internal import Synchronization

/// Sends telemetry over a wire that is slower than a processor compresses, as it is and compressed.
struct WireDemo {
  let rate: BitRate
  /// How long the wire takes for what is sent as it is, about.
  let time: Duration
  /// Any that can be had, if nil.
  let kind: WireKind?
  let level: LZ4Level

  /// - Parameter number: of the heading.
  func run(_ number: Int) async throws {
    let console = Console.output
    console.write(
      DemoText.heading(number, "Over a wire of \(rate.text), as it is and compressed"))
    try await WireKind.with(kind, rate) { wire, why in
      console.write(DemoText.line("wire", wire.name))
      if let why {
        console.write(DemoText.line("", "for want of network namespaces: \(why)"))
      }
      try await measure(wire)
    }
  }

  private func measure(_ wire: any Wire) async throws {
    let console = Console.output
    let titles = ["tcp://", "lz4+tcp://", "times", "goal"]
    console.write(DemoText.line("", Self.row("MB/s that arrive", titles)))
    var missed: [String] = []
    var plainJSON = 0.0
    for load in WireLoad.allCases {
      let plain = try await speed(of: load, "tcp", over: wire)
      if load == .json { plainJSON = plain }
      let packed = try await speed(of: load, "lz4+tcp", over: wire)
      let ratio = packed / plain
      let cells = [plain, packed, ratio].map(Format.short)
      console.write(DemoText.line("", Self.row(load.title, cells + ["≥ \(load.goal.text)"])))
      if ratio < load.goal.ratio {
        missed.append("\(load.title): \(cells[2]) times, where \(load.goal.text) are the goal")
      }
    }
    let secure = try await secured(over: wire)
    let (speed, ratio) = (Format.short(secure), Format.short(secure / plainJSON))
    console.write(
      DemoText.line(
        "encrypted", "JSON telemetry over lz4+tls://: \(speed) MB/s, \(ratio) times that of tcp://")
    )
    console.write(
      DemoText.line("checked", "every message with what was sent \(console.good("equal"))"))
    for text in missed { console.write(DemoText.line("missed", text)) }
  }

  /// JSON, compressed and encrypted.
  private func secured(over wire: any Wire) async throws -> Double {
    let certificates = try WireCertificates(for: wire.host)
    defer { certificates.remove() }
    return try await speed(of: .json, "lz4+tls", over: wire, certificates)
  }

  /// Megabytes of messages that arrive in a second: from before the first one is written until the last one was
  /// compared.
  private func speed(
    of load: WireLoad, _ scheme: String, over wire: any Wire,
    _ certificates: WireCertificates? = nil
  ) async throws -> Double {
    var (near, far) = (wire.near, wire.far)
    (near.folder, far.folder) = (certificates?.folder, certificates?.folder)
    let packing = scheme.hasPrefix("lz4+") ? "level=\(level.spelling)" : nil
    let server = certificates?.server
    let client = [certificates?.client, packing].compactMap(\.self)
    let part = ["demo-wire", load.rawValue, "\(rate.bytes(in: time))"]
    let place = Self.address("\(scheme)://\(wire.host):0", server)
    let began = Mutex("")
    let ended = try await Child.answer(ofListener: part + ["receive", place], at: far) {
      [near] address in
      try await wire.reaching(address) { address in
        let answer = try await Child.answer(
          of: part + ["send", Self.address(address, client.joined(separator: "&"))], at: near)
        began.withLock { $0 = answer }
      }
    }
    let (start, end) = (Self.numbers(began.withLock(\.self)), Self.numbers(ended))
    guard start.count == 2, end.count == 2, start[1] == end[1], end[0] > start[0] else {
      throw Failure(.failure, "the ends of the wire do not agree: \(start) and \(end)")
    }
    return Double(end[1]) * 1000 / Double(end[0] - start[0])
  }

  private static func address(_ address: String, _ options: String?) -> String {
    options.map { $0.isEmpty ? address : "\(address)?\($0)" } ?? address
  }

  private static func numbers(_ answer: String) -> [Int] {
    answer.split { $0 == " " || $0 == "\n" }.compactMap { Int($0) }
  }

  private static func row(_ label: String, _ cells: [String]) -> String {
    label.left(18) + cells.map { $0.right(12) }.joined()
  }
}
