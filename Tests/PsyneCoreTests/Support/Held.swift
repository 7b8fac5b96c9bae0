import PsyneCore
import Synchronization
import Traffic

/// An end that was claimed by one thread, for the closure of another, which cannot consume what it
/// captures. All ends of a channel can so be claimed before anybody begins.
final class Held<End: ~Copyable & Sendable>: Sendable {
  private let end: Mutex<End?>

  init(_ end: consuming End) { self.end = Mutex(end) }

  /// Taken once.
  func take() -> End {
    guard let end = end.withLock({ $0.take() }) else { fatalError("it was taken before") }
    return end
  }
}

extension Channel {
  func heldSender(waiting: WaitStrategy? = nil) throws(TransportError) -> Held<Sender<Body>> {
    Held(try sender(waiting: waiting))
  }

  func heldReceiver(waiting: WaitStrategy? = nil) throws(TransportError) -> Held<Receiver<Body>> {
    Held(try receiver(waiting: waiting))
  }
}

/// A channel of 64 items in each lane that nobody else has open.
func makeItems(
  _ shape: TrafficShape, options: ChannelOptions = ChannelOptions(capacity: .kibibytes(4))
) throws -> any Channel<Item> {
  try shape.open("memory://items", of: Item.self, in: makeRegistry(), options: options)
}

extension Sender where Body == Item {
  /// Sends one after the other.
  mutating func send(numbers: Range<Int>) throws(ChannelError) {
    for number in numbers { try send(Item(number), timeout: .seconds(60)) }
  }

  /// Sends from `first` until there is no room, and returns what comes next.
  mutating func fill(from first: Int = 0) throws(ChannelError) -> Int {
    var number = first
    while let loan = try tryReserve() {
      var loan = loan
      loan.value = Item(number)
      loan.send()
      number += 1
    }
    return number
  }
}

extension Receiver where Body == Item {
  /// The next message's number; nil at the end of the stream.
  mutating func number(timeout: Duration = .seconds(60)) throws(ChannelError) -> Int? {
    try receive(timeout: timeout)?.value.number
  }

  /// The numbers of what is there now.
  mutating func numbersNow() throws(ChannelError) -> [Int] {
    var numbers: [Int] = []
    while let message = try tryReceive() { numbers.append(message.value.number) }
    return numbers
  }
}
