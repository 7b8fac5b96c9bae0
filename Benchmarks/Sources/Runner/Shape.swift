/// How many send and receive, and who gets a message.
struct Shape: Hashable {
  enum Kind: String {
    case spsc, mpsc, spmc, mpmc
    /// Every consumer receives every message.
    case broadcast
  }

  let kind: Kind
  let producers: Int
  let consumers: Int

  var name: String {
    switch kind {
    case .spsc: "spsc"
    case .mpsc: "mpsc-\(producers)"
    case .spmc, .broadcast: "\(kind.rawValue)-\(consumers)"
    case .mpmc: "mpmc-\(producers)x\(consumers)"
    }
  }

  var parties: Int { producers + consumers }

  static let all = [
    Shape(kind: .spsc, producers: 1, consumers: 1),
    Shape(kind: .mpsc, producers: 1, consumers: 1),
    Shape(kind: .mpsc, producers: 2, consumers: 1),
    Shape(kind: .mpsc, producers: 4, consumers: 1),
    Shape(kind: .spmc, producers: 1, consumers: 2),
    Shape(kind: .spmc, producers: 1, consumers: 4),
    Shape(kind: .mpmc, producers: 2, consumers: 2),
    Shape(kind: .mpmc, producers: 4, consumers: 4),
    Shape(kind: .broadcast, producers: 1, consumers: 2),
    Shape(kind: .broadcast, producers: 1, consumers: 4),
  ]
}
