internal import Glibc
internal import Psyne

/// The pipeline of the README: a producer sends vectors that a consumer adds up.
struct PipelineDemo {
  func run() async throws {
    Console.output.write(
      DemoText.heading(2, "The README's pipeline: a producer, a consumer that adds up each vector"))
    let name = "psyne-demo-\(getpid())-pipeline"
    try await Child.together {
      try await Child.psyne(["demo-part", "sum", name])
    } _: {
      try await Child.psyne(["demo-part", "produce", name])
    }
  }
}

/// What both processes of the pipeline agree on, and the work of each.
enum Pipeline {
  static let floats = 1024
  static let vectors = 2_000_000
  /// The README's producer counts to a thousand; ours begins again. All its floats are whole numbers
  /// below 2^24, which a `Float` holds exactly, so that sums can be compared exactly.
  static let cycle = 1000
  static let patience = Duration.seconds(30)

  /// Element `j` of vector `i` is `i * 1024 + j`.
  static func fill(_ vector: inout MutableSpan<Float>, _ index: Int) {
    let base = index % cycle * floats
    for j in vector.indices { vector[j] = Float(base + j) }
  }

  /// What the elements of a vector add up to, in closed form.
  static func expectedSum(_ index: Int) -> Double {
    Double(index % cycle * floats * floats + floats * (floats - 1) / 2)
  }

  /// Adds in doubles, which hold every partial sum exactly, and in eight chains: one would wait for
  /// each addition.
  static func sum(_ vector: Span<Float>) -> Double {
    var sums = SIMD8<Double>()
    var start = 0
    while start + 8 <= vector.count {
      var eight = SIMD8<Float>()
      for lane in 0..<8 { eight[lane] = vector[start + lane] }
      sums += SIMD8<Double>(eight)
      start += 8
    }
    var rest = 0.0
    while start < vector.count {
      rest += Double(vector[start])
      start += 1
    }
    return sums.sum() + rest
  }

  static func open(_ name: String) throws -> SPSCChannel<FloatVector> {
    try Departure.guarding {
      try SPSCChannel<FloatVector>("ipc://\(name)")
    } cleanUp: {
      $0.abandon()
    }
  }

  static func produce(to name: String) throws {
    var sender = try open(name).sender()
    for index in 0..<vectors {
      var vector = try sender.reserve(count: floats, timeout: patience)
      var elements = vector.elements
      fill(&elements, index)
      vector.send()
    }
    try sender.drain(timeout: patience)
  }

  static func sum(from name: String) throws {
    var receiver = try open(name).receiver()
    let clock = ContinuousClock()
    var start = clock.now
    var (count, last) = (0, 0.0)
    while let vector = try receiver.receive(timeout: patience) {
      if count == 0 { start = clock.now }
      last = sum(vector.elements)
      let (length, expected) = (vector.count, expectedSum(count))
      guard length == floats, last == expected else {
        throw Failure(.failure, "vector \(count) adds up to \(last) and not to \(expected)")
      }
      count += 1
    }
    let time = clock.now - start
    guard count == vectors else {
      throw Failure(.failure, "\(count) vectors arrived, and \(vectors) were sent")
    }
    report(count, last, time)
  }

  private static func report(_ count: Int, _ last: Double, _ time: Duration) {
    let console = Console.output
    let bytes = count * floats * MemoryLayout<Float>.stride
    let rate = Format.short(Double(count) / time.inSeconds / 1e6)
    console.write(
      DemoText.line(
        "moved",
        "\(Format.count(count)) vectors of 1,024 floats, \(Format.bytes(bytes)), in \(Format.time(time))"
      )
        + DemoText.line(
          "speed",
          "\(console.bold)\(rate) million messages/s, \(Format.rate(bytes: bytes, in: time))\(console.plain)"
            + " written, read and added up")
        + DemoText.line(
          "checked",
          "every sum against its closed form; the last is \(Format.decimal(last, 0)) "
            + console.good("exact")))
  }
}
