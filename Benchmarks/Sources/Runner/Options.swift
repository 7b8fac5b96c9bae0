internal import ArgumentParser
internal import Glibc

/// Each option has a default in an environment variable, for `make bench`.
struct Options: ParsableArguments {
  @Option(help: "Repetitions of each cell (BENCH_REPS).")
  var reps: Int = Self.environment("BENCH_REPS") ?? (Self.isQuick ? 3 : 5)

  @Option(help: "Milliseconds of each repetition (BENCH_MS).")
  var milliseconds: Int = Self.environment("BENCH_MS") ?? (Self.isQuick ? 60 : 150)

  @Option(
    parsing: .upToNextOption, help: "Bytes of the messages one way, multiples of 8 (BENCH_SIZES).")
  var sizes: [Int] =
    Self.list("BENCH_SIZES") ?? (Self.isQuick ? [64, 4096] : [64, 1024, 4096, 65536, 1_048_576])

  @Option(
    parsing: .upToNextOption, help: "The sender's and the receiver's CPU (BENCH_CORES).")
  var cores: [Int] = Self.list("BENCH_CORES") ?? [0, 1]

  @Option(
    parsing: .upToNextOption,
    help: "Only contenders whose name contains one of these words (BENCH_ONLY).")
  var only: [String] = Self.words("BENCH_ONLY") ?? []

  @Option(
    parsing: .upToNextOption,
    help: """
      Only these: one-way, round-trip, parked-round-trip, parked-ping-pong, contest; over TCP \
      tcp-one-way, tcp-round-trip, tcp-steady-rate, tcp-100-connections; and over TLS tls-one-way, \
      tls-round-trip, tls-handshakes, tls-resumed-handshakes, tls-idle-memory (BENCH_KINDS).
      """)
  var kinds: [String] =
    Self.words("BENCH_KINDS")
    ?? ["one-way", "round-trip", "parked-round-trip", "parked-ping-pong", "contest"]

  @Option(
    parsing: .upToNextOption,
    help: "Shapes of the contests, as 'mpsc-2' or 'mpmc-2x2'; all of them (BENCH_SHAPES).")
  var shapes: [String] = Self.words("BENCH_SHAPES") ?? Shape.all.map(\.name)

  @Option(
    parsing: .upToNextOption, help: "Where contests are held: memory, ipc (BENCH_PLACES).")
  var places: [String] = Self.words("BENCH_PLACES") ?? Self.contestPlaces

  @Option(help: "Greatest round trip of a bare cache line, in ns (BENCH_CANARY).")
  var canary: Double = Self.environment("BENCH_CANARY") ?? 200

  @Option(help: "How often a disturbed repetition is made at most (BENCH_TRIES).")
  var tries: Int = Self.environment("BENCH_TRIES") ?? 8

  @Flag(
    inversion: .prefixedNo,
    help: "Run at a real-time priority, for a machine that others use too (BENCH_REALTIME=1).")
  var realtime = Self.environment("BENCH_REALTIME") ?? 0 != 0

  func validate() throws {
    guard reps > 0, milliseconds > 0, tries > 0 else {
      throw ValidationError("repetitions, milliseconds and tries are at least 1")
    }
    guard sizes.allSatisfy({ $0 >= 64 && $0 % 8 == 0 && $0 <= 1 << 28 }) else {
      throw ValidationError("a size is a multiple of 8 between 64 and 268435456")
    }
    guard cores.count == 2, cores[0] != cores[1] else {
      throw ValidationError("name two different CPUs")
    }
    for kind in kinds where !Self.kindNames.contains(kind) {
      throw ValidationError("there is no measure '\(kind)'")
    }
    for shape in shapes where !Shape.all.contains(where: { $0.name == shape }) {
      throw ValidationError("there is no shape '\(shape)'")
    }
    for place in places where !Self.contestPlaces.contains(place) {
      throw ValidationError("there is no place '\(place)'")
    }
  }

  /// How much of its time an endpoint that spins must have had its CPU for the repetition to count.
  /// A start and an end that wait for the other are part of a sender's time.
  static let leastShare = 0.9

  private static let contestPlaces = ["memory", "ipc"]
  private static let kindNames =
    ["one-way", "round-trip", "parked-round-trip", "parked-ping-pong", "contest"]
    + ["tcp-one-way", "tcp-round-trip", "tcp-steady-rate", "tcp-100-connections"]
    + ["tls-one-way", "tls-round-trip"] + encryptedKinds.map { "tls-\($0.rawValue)" }
  private static let encryptedKinds: [Measure.Kind] = [.handshakes, .resumptions, .idle]

  var measures: [Measure] { localMeasures + networkMeasures + encryptedMeasures }

  private var encryptedMeasures: [Measure] {
    let oneWay = kinds.contains("tls-one-way") ? sizes : []
    let others = [.roundTrip] + Self.encryptedKinds
    return oneWay.map { Measure(kind: .oneWay, size: $0, place: .tls) }
      + others.filter { kinds.contains("tls-\($0.rawValue)") }
      .map { Measure(kind: $0, size: 64, place: .tls) }
  }

  private var networkMeasures: [Measure] {
    var measures: [Measure] = []
    if kinds.contains("tcp-one-way") {
      measures += sizes.map { Measure(kind: .oneWay, size: $0, place: .tcp) }
    }
    if kinds.contains("tcp-round-trip") {
      measures.append(Measure(kind: .roundTrip, size: 64, place: .tcp))
    }
    if kinds.contains("tcp-steady-rate") {
      measures.append(Measure(kind: .steady, size: 64, place: .tcp))
    }
    if kinds.contains("tcp-100-connections") {
      measures += [64, 1024].map { Measure(kind: .crowd, size: $0, place: .tcp) }
    }
    return measures
  }

  private var localMeasures: [Measure] {
    let kinds = kinds.compactMap { Measure.Kind(rawValue: $0) }
    var measures: [Measure] = []
    if kinds.contains(.oneWay) { measures += sizes.map { Measure(kind: .oneWay, size: $0) } }
    if kinds.contains(.roundTrip) { measures.append(Measure(kind: .roundTrip, size: 64)) }
    if kinds.contains(.parkedRoundTrip) {
      measures.append(Measure(kind: .parkedRoundTrip, size: 64))
    }
    if kinds.contains(.parkedPingPong) {
      measures.append(Measure(kind: .parkedPingPong, size: 64))
    }
    if kinds.contains(.contest) {
      for place in places.compactMap(Measure.Place.init(rawValue:)) {
        measures += Shape.all.filter { shapes.contains($0.name) }.map { Measure($0, place) }
      }
    }
    return measures
  }

  // MARK: Environment

  private static var isQuick: Bool { environment("BENCH_QUICK") ?? 0 != 0 }

  private static func text(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    let text = unsafe String(cString: value)
    return text.isEmpty ? nil : text
  }

  private static func environment<Number: LosslessStringConvertible>(_ name: String) -> Number? {
    text(name).flatMap { Number($0) }
  }

  private static func words(_ name: String) -> [String]? {
    text(name).map { $0.split { $0 == " " || $0 == "," }.map(String.init) }
  }

  private static func list(_ name: String) -> [Int]? { words(name)?.compactMap { Int($0) } }
}
