@testable internal import PsyneCLI
internal import Glibc
internal import Psyne
internal import Testing

@Suite("slow wire", .timeLimit(.minutes(2)))
struct WireTests {
  /// Enough for some blocks of each kind, and a moment for a wire.
  private static let little = ["demo", "--wan", "--rate", "200mbit", "--each", "10ms"]

  private let folder = Folder()

  @Test("the demo of compression ends well over a relay, and leaves nothing behind")
  func loopback() async throws { try await expectGood("loopback", says: "a relay on loopback") }

  @Test(
    "and between network namespaces",
    .enabled("no network namespaces with a rate limit can be had here") { await canLayWire() })
  func namespaces() async throws {
    try await expectGood("namespaces", says: "two network namespaces")
  }

  private func expectGood(_ kind: String, says words: String) async throws {
    let outcome = try await Tool.run(
      Self.little + ["--wire", kind], environment: ["TMPDIR": folder.path])
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    #expect(outcome.text.contains(words), "\(outcome.text)")
    for load in WireLoad.allCases { #expect(outcome.text.contains("\(load.title) ")) }
    #expect(outcome.text.contains("over lz4+tls://: "))
    #expect(outcome.text.contains("every message with what was sent "), "\(outcome.text)")
    // Empty again: otherwise it cannot be removed.
    #expect(unsafe rmdir(folder.path) == 0)
  }

  @Test("without network namespaces it says so, and takes a relay")
  func substitute() async throws {
    // No unshare there.
    let nowhere = ["PATH": folder.path, "TMPDIR": folder.path]
    let outcome = try await Tool.run(Self.little, environment: nowhere)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.text.contains("a relay on loopback"), "\(outcome.text)")
    #expect(outcome.text.contains("for want of network namespaces: Executable \"unshare\""))
    let refused = try await Tool.run(
      Self.little + ["--wire", "namespaces"], environment: nowhere)
    #expect(refused.status == 1)
    #expect(refused.errors.contains("no wire can be laid between network namespaces: Executable"))
  }

  @Test("what is sent shrinks by as much as the demo's goals want", arguments: WireLoad.allCases)
  func goals(load: WireLoad) {
    func ratio<Body: WireBody>(_ parcel: WireParcel<Body>) -> Double {
      let size = MemoryLayout<Body.Element>.stride
      let encoder = LZ4Codec().makeEncoder(elementSize: size)
      let elements = parcel.elements
      let count = 65_536 / size
      var (plain, packed) = (0, 0)
      var encoded = [UInt8](repeating: 0, count: 65_536)
      for start in stride(from: 0, to: elements.count - count, by: count) {
        var block = Array(elements[start..<start + count])
        plain += 65_536
        packed += unsafe block.withUnsafeMutableBytes { bytes in
          var span = encoded.mutableSpan
          let source = unsafe bytes.bindMemory(to: UInt8.self)
          return encoder.encode(unsafe UnsafeBufferPointer(source).span, into: &span) ?? 65_536
        }
      }
      return Double(plain) / Double(packed)
    }
    let bytes = 3 << 20
    let made =
      switch load {
      case .json: ratio(load.json(bytes))
      case .telemetry: ratio(load.readings(bytes))
      case .vectors: ratio(load.vectors(bytes))
      case .noise: ratio(load.noise(bytes))
      }
    #expect(made >= load.goal.ratio)
  }

  @Test("a receiver notices what differs, is too much, or is missing", arguments: WireLoad.allCases)
  func different(load: WireLoad) async throws {
    let many = "100000"
    for (sent, received, words) in [
      (many, "20000", "is not what was sent"), ("20000", many, "messages arrived, and"),
    ] {
      let outcome = try await Tool.shell(
        """
        rm -f "$1"
        "$psyne" demo-wire \(load) \(received) receive tcp://127.0.0.1:0 2> "$1" & receiver=$!
        until grep -qs 'listening at .*[1-9]$' "$1"; do sleep 0.01; done
        "$psyne" demo-wire \(load) \(sent) send "$(sed -n 's/.*listening at //p' "$1")"
        wait $receiver; echo "receiver $?"; cat "$1"
        """, [folder["status"]])
      #expect(outcome.text.contains("receiver 1\n"), "\(outcome.text)")
      #expect(outcome.text.contains(words), "\(outcome.text)")
    }
  }

  @Test("a parcel tells one byte from another")
  func oneByte() throws {
    let parcel = WireParcel<Reading>(320) { [robot = Robot()] readings, _ in
      var robot = robot
      readings.append(robot.next())
    }
    var readings = parcel.elements
    #expect(parcel.count == 10)
    let same = parcel.equals(readings.span.extracting(3..<4), 3)
    readings[3].flags ^= 1 << 31
    let changed = parcel.equals(readings.span.extracting(3..<4), 3)
    let none = parcel.equals(readings.span.extracting(3..<3), 3)
    #expect((same, changed, none) == (true, false, false))
  }

  @Test(
    "rates are what tc calls them",
    arguments: [("20mbit", 20_000_000), ("500kbit", 500_000), ("1gbit", 1_000_000_000)])
  func rates(text: String, bits: Int) { #expect(BitRate(text)?.bitsPerSecond == bits) }

  @Test(
    "64 for what is no rate, and for files beside --wan",
    arguments: [
      (["--rate", "20"], "500kbit, 20mbit, 1gbit"),
      (["--rate", "1kbit"], "500kbit, 20mbit, 1gbit"),
      (["--rate", "100gbit"], "500kbit"), (["--wan", "x"], "leave 'x' away"),
      (["--wire", "string"], "'namespaces'"),
    ])
  func usage(arguments: [String], words: String) async throws {
    try await Tool.refuses(["demo"] + arguments, words)
  }
}

private func canLayWire() async -> Bool {
  (try? await NamespaceWire.laid(.ordinary) { _ in }) != nil
}
