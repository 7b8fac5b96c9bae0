internal import Glibc
internal import Histogram
internal import Psyne

/// Vectors sent to another process and back.
struct LatencyDemo {
  func run() async throws {
    Console.output.write(
      DemoText.heading(3, "Round trips: 1,024 floats to another process and back"))
    let name = "psyne-demo-\(getpid())-trip"
    try await Child.together {
      try await Child.psyne(["demo-part", "echo", name])
    } _: {
      try await Child.psyne(["demo-part", "ask", name])
    }
  }
}

/// The work of both processes.
enum RoundTrips {
  private static let warmUp = 2_000
  private static let awake = 200_000
  /// Of a server, which takes a system call or two each way.
  private static let called = 50_000
  private static let asleep = 1_000
  /// Much longer than anybody waits before going to sleep.
  private static let rest: UInt32 = 1_000

  /// Sends back what it gets.
  static func echo(_ name: String) throws {
    var questions = try Pipeline.open("\(name)-there").receiver()
    var answers = try Pipeline.open("\(name)-back").sender()
    while let question = try questions.receive(timeout: Pipeline.patience) {
      try answers.send(copying: question.elements, timeout: Pipeline.patience)
    }
    try answers.drain(timeout: Pipeline.patience)
  }

  /// Asks, waits for the answer, and checks it.
  static func ask(_ name: String) throws {
    var client = Client(
      questions: try Pipeline.open("\(name)-there").sender(),
      answers: try Pipeline.open("\(name)-back").receiver())
    try measure(&client, awake: awake)
  }

  // MARK: With a server

  /// Sends back what it gets, until all that came are gone.
  static func serve(_ place: String) throws {
    let listener = try OwnListener<FloatVector>.open(
      place, ChannelOptions(), ConnectionTalk(isQuiet: false))
    var questions = try listener.server.receiver()
    var answers = listener.server.sender()
    listener.closeWhenAllAreGone()
    while let question = try questions.receive(timeout: Pipeline.patience) {
      let vector = question.elements
      try answers.to(question.peer) { sender in
        try sender.send(copying: vector, timeout: Pipeline.patience)
      }
    }
    questions.close()
    listener.close()
  }

  /// Asks a server, as ``ask(_:)`` does.
  static func call(_ address: String) throws {
    let connection = try OwnConnection<FloatVector>.open(
      address, ChannelOptions(), ConnectionTalk(isQuiet: false))
    try call(connection)
    connection.close()
  }

  private static func call(_ connection: OwnConnection<FloatVector>) throws {
    var client = Client(
      questions: try connection.sender(), answers: try connection.receiver())
    try measure(&client, awake: called)
    try client.finish()
  }

  private static func measure(_ client: inout Client, awake: Int) throws {
    for _ in 0..<warmUp { _ = try client.ask() }

    var histogram = makeHistogram()
    for _ in 0..<awake { histogram.record(UInt64(try client.ask() / .nanoseconds(1))) }
    Console.output.write(header + row("both awake", histogram))

    histogram = makeHistogram()
    for _ in 0..<asleep {
      usleep(rest)
      histogram.record(UInt64(try client.ask() / .nanoseconds(1)))
    }
    Console.output.write(row("asleep", histogram))
  }

  private struct Client: ~Copyable {
    var questions: Sender<FloatVector>
    var answers: Receiver<FloatVector>
    private var index = 0

    init(questions: consuming Sender<FloatVector>, answers: consuming Receiver<FloatVector>) {
      self.questions = questions
      self.answers = answers
    }

    mutating func finish() throws { try questions.drain(timeout: Pipeline.patience) }

    /// - Returns: the time from before the vector is written until its answer can be read.
    mutating func ask() throws -> Duration {
      let index = index
      self.index += 1
      let start = ContinuousClock.now
      var question = try questions.reserve(count: Pipeline.floats, timeout: Pipeline.patience)
      var elements = question.elements
      Pipeline.fill(&elements, index)
      question.send()
      guard let answer = try answers.receive(timeout: Pipeline.patience) else {
        throw ChannelError.closed
      }
      let time = ContinuousClock.now - start
      let (sum, expected) = (Pipeline.sum(answer.elements), Pipeline.expectedSum(index))
      guard sum == expected else {
        throw Failure(.failure, "answer \(index) adds up to \(sum) and not to \(expected)")
      }
      return time
    }
  }

  // MARK: The table

  private static let percentiles: [(name: String, value: Double)] = [
    ("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9), ("max", 100),
  ]

  /// Up to the longest time that a question can take.
  private static func makeHistogram() -> Histogram<UInt64> {
    Histogram(highestTrackableValue: 60_000_000_000, numberOfSignificantValueDigits: .three)
  }

  private static var header: String {
    DemoText.line("", percentiles.map { $0.name.right(10) }.joined() + "trips".right(10))
  }

  private static func row(_ label: String, _ histogram: Histogram<UInt64>) -> String {
    let console = Console.output
    let cells = percentiles.map { percentile in
      let value =
        percentile.value == 100
        ? histogram.max : histogram.valueAtPercentile(percentile.value)
      return Format.time(nanoseconds: Double(value)).right(10)
    }
    let text = console.bold + cells[0] + console.plain + cells.dropFirst().joined()
    return DemoText.line(label, text + Format.count(Int(histogram.totalCount)).right(10))
  }
}
