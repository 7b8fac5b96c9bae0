import TestSupport

/// What came of it all.
struct Figures: Sendable {
  var cells = 0
  var kills = 0
  var stops = 0
  var sent = 0
  var delivered = 0
  var lost = 0
  var torn = 0
  var doubled = 0
  var disordered = 0
  /// Delivered twice, and said so; and said to be perhaps delivered before, but was not.
  var redelivered = 0
  var suspected = 0

  static func += (sum: inout Figures, other: Figures) {
    sum.cells += other.cells
    sum.kills += other.kills
    sum.stops += other.stops
    sum.sent += other.sent
    sum.delivered += other.delivered
    sum.lost += other.lost
    sum.torn += other.torn
    sum.doubled += other.doubled
    sum.disordered += other.disordered
    sum.redelivered += other.redelivered
    sum.suspected += other.suspected
  }

  var areClean: Bool { lost == 0 && torn == 0 && doubled == 0 && disordered == 0 }

  var text: String {
    "\(kills) kills, \(stops) stops; \(sent) messages sent, \(delivered) delivered, \(lost) lost, "
      + "\(torn) torn, \(doubled) doubled, \(disordered) out of order, \(redelivered) delivered again "
      + "and said so, \(suspected) said to be perhaps delivered before"
  }
}

extension Arena {
  /// - Parameter mayReturn: whether a receiver can be given, late, what another has left unread.
  func verdict(mayReturn: Bool) -> Figures {
    var figures = Figures()
    figures.torn = receivers.reduce(0) { $0 + $1[.torn] }
    figures.sent = senders.values.reduce(0) { $0 + $1[.sent] }
    figures.delivered = receivers.reduce(0) { $0 + $1[.delivered] }
    if setting.isBroadcast {
      for ledger in receivers { figures.lost += missed(by: ledger) }
      return figures
    }
    var deliveries: [Int: (first: Int, again: Int)] = [:]
    for ledger in receivers {
      var last: [Int: Int] = [:]
      for case .message(let sender, let number, let isRedelivery) in ledger.entries {
        let old = deliveries[sender << 32 | number] ?? (0, 0)
        deliveries[sender << 32 | number] =
          isRedelivery ? (old.first, old.again + 1) : (old.first + 1, old.again)
        if isRedelivery { continue }
        if !mayReturn, number <= last[sender] ?? -1 { figures.disordered += 1 }
        last[sender] = number
      }
    }
    for (sender, ledger) in senders {
      for number in 0..<ledger[.sent] where deliveries[sender << 32 | number] == nil {
        figures.lost += 1
      }
    }
    for (key, count) in deliveries {
      // The one that was being sent may have been sent, and nothing behind it.
      let isKnown = senders[key >> 32].map { key & 0xFFFF_FFFF < $0[.attempted] } ?? false
      if count.first > 1 || !isKnown { figures.doubled += 1 }
      figures.redelivered += max(0, count.first + count.again - 1)
      if count.first == 0 { figures.suspected += 1 }
    }
    return figures
  }

  /// How often a broadcast's receiver missed messages without being told exactly how many.
  private func missed(by ledger: Ledger) -> Int {
    var last: (sender: Int, number: Int)?
    var (told, faults) = (0, 0)
    for entry in ledger.entries {
      switch entry {
      case .claimed: (last, told) = (nil, 0)
      case .lost(let count):
        told += count
        if setting == .block { faults += 1 }
      case .message(let sender, let number, let isRedelivery):
        if isRedelivery { faults += 1 }
        if let last, !gap(from: last, to: (sender, number)).contains(told) { faults += 1 }
        (last, told) = ((sender, number), 0)
      case .died, .closed, .evicted: break
      }
    }
    guard let last, survivors[.receiver, default: []].contains(where: { $0 === ledger }),
      let end = senders.keys.max(), setting != .evict
    else { return faults }
    let rest = gap(from: last, to: (end, senders[end]?[.sent] ?? 0))
    return rest.contains(told) ? faults : faults + 1
  }

  /// How many messages lie between two, all senders of a broadcast having come one after the other.
  private func gap(
    from last: (sender: Int, number: Int), to next: (sender: Int, number: Int)
  ) -> ClosedRange<Int> {
    guard last.sender != next.sender else {
      let count = next.number - last.number - 1
      return count >= 0 ? count...count : -1...(-1)
    }
    guard last.sender < next.sender, let ledger = senders[last.sender] else { return -1...(-1) }
    var (least, most) = (ledger[.sent], ledger[.attempted])
    for (sender, ledger) in senders where sender > last.sender && sender < next.sender {
      least += ledger[.sent]
      most += ledger[.attempted]
    }
    let offset = next.number - last.number - 1
    return max(0, least + offset)...max(0, most + offset)
  }
}
