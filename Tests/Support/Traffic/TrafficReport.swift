/// What one receiver has seen, or several.
public struct TrafficReport: Hashable, Sendable {
  public var count = 0
  /// A number for each message, added up: two reports with the same count and sum are of the same
  /// messages, each as often, but for a chance of one in 2^64.
  public var sum: UInt64 = 0
  /// Messages that were not what was sent under their name.
  public var damaged = 0
  /// Messages that came after a later one of their producer.
  public var disordered = 0
  /// Messages of a broadcast that were reported as lost.
  public var lost = 0
  private var last: [Int]

  public init(producers: Int) { last = Array(repeating: -1, count: producers) }

  /// Of all messages of so many producers, each as often as there are `copies`.
  public init<Sent: Cargo>(
    _ cargo: Sent.Type, producers: Int, each: Int, copies: Int = 1
  ) {
    self.init(producers: producers)
    for producer in 0..<producers {
      for number in 0..<each { sum &+= mixed(Sent.label(number, of: producer).word) }
    }
    count = producers * each * copies
    sum &*= UInt64(copies)
  }

  mutating func add(_ label: Label?) {
    count += 1
    guard let label else {
      damaged += 1
      return
    }
    sum &+= mixed(label.word)
    guard label.producer >= 0 else { return }
    guard label.producer < last.count else {
      damaged += 1
      return
    }
    if label.number <= last[label.producer] { disordered += 1 }
    last[label.producer] = label.number
  }

  /// Those of several receivers together.
  public static func + (a: TrafficReport, b: TrafficReport) -> TrafficReport {
    var sum = a
    sum.count += b.count
    sum.sum &+= b.sum
    sum.damaged += b.damaged
    sum.disordered += b.disordered
    sum.lost += b.lost
    sum.last = sum.last.map { _ in -1 }
    return sum
  }

  public static func == (a: TrafficReport, b: TrafficReport) -> Bool { a.text == b.text }
  public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

// As one line, to be sent from one process to another.
extension TrafficReport: CustomStringConvertible {
  public var text: String { "\(count) \(sum) \(damaged) \(disordered) \(lost)" }

  public var description: String {
    "\(count) messages (sum \(sum)), \(damaged) damaged, \(disordered) out of order, \(lost) lost"
  }

  public init?(text: String) {
    let words = text.split(separator: " ")
    guard words.count == 5, let sum = UInt64(words[1]) else { return nil }
    let numbers = words.map { Int($0) ?? -1 }
    self.init(producers: 0)
    (count, damaged, disordered, lost) = (numbers[0], numbers[2], numbers[3], numbers[4])
    self.sum = sum
  }
}
