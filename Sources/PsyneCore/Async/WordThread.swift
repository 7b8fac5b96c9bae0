/// A thread that watches 127 more words than the reactor's own can.
final class WordThread: Sendable {
  enum Order: Sendable {
    case begin(Wait)
    case end(Wait)
  }

  private let orders = Mailbox<Order>()
  /// Says that a wait has ended, and whether by a wake-up.
  private let report: @Sendable (Wait, Bool) -> Void

  /// Nil where the system gives us no thread.
  init?(_ report: @escaping @Sendable (Wait, Bool) -> Void) {
    self.report = report
    guard startServiceThread("psyne-words", { [self] in run() }) else { return nil }
  }

  func post(_ order: Order) { orders.post(order) }

  private func run() -> Never {
    let group = WordGroup(orders.bell, usesVector: true)
    var taken: [Order] = []
    while true {
      if orders.hasMail { orders.take(&taken) }
      for order in taken {
        switch order {
        case .begin(let wait): group.add(wait)
        // If it is gone, that has been reported.
        case .end(let wait): if group.remove(wait) { report(wait, false) }
        }
      }
      taken.removeAll(keepingCapacity: true)
      group.takeChanged { report($0, true) }
      orders.bell.listen()
      if !orders.hasMail, let woken = group.sleep(until: .max) { report(woken, true) }
      orders.bell.rest()
    }
  }
}
