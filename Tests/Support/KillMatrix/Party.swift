import PsyneCore
import TestSupport

/// One that sends or receives until its ledger says stop, in this process or in the one to be killed.
struct Party: Sendable {
  let ledger: Ledger
  /// How many messages it handles before it leaves its end and claims one anew; nil for all.
  let cycle: Int?
  /// Whether it lets some time pass now and then, so that others find the channel full and empty.
  let isPaced: Bool

  func hasToStop() -> Bool { ledger[.stop] != 0 || ledger.isFull }
}

// MARK: Sending

extension Party {
  /// - Parameter number: of this sender, in its messages.
  func send(to channel: any Channel<Bytes>, as number: Int, rounds: Int = .max) throws {
    var (round, total) = (0, 0)
    while round < rounds, !hasToStop() {
      round += 1
      guard var end = try claim({ () throws(TransportError) in try channel.sender() }) else {
        continue
      }
      ledger[.holding] = 1
      var count = 0
      while !hasToStop(), count < cycle ?? .max {
        count += 1
        try sendOne(&end, as: number)
        // Long enough that the receivers have read all, and wait.
        total += 1
        if isPaced, total % 64 == 0 { pass(microseconds: 2500) }
      }
      ledger[.holding] = 0
      end.close()
    }
  }

  private func sendOne(_ end: inout Sender<Bytes>, as number: Int) throws {
    let sequence = number << 32 | ledger[.sent]
    do throws(ChannelError) {
      var loan = try end.reserve(
        count: pattern.length(sequence), timeout: .milliseconds(5))
      var elements = loan.elements
      pattern.fill(&elements, sequence)
      ledger[.attempted] = ledger[.sent] + 1
      loan.send()
      ledger[.sent] += 1
    } catch .timedOut {
    } catch .peerDied {
      ledger[.died] += 1
      pass(microseconds: 200)
    } catch .closed {
      pass(microseconds: 200)
    } catch {
      throw error
    }
  }

  /// Nil while others hold all ends.
  private func claim<End: ~Copyable>(_ body: () throws(TransportError) -> End) throws -> End? {
    do throws(TransportError) {
      let end = try body()
      ledger[.claims] += 1
      return end
    } catch {
      guard error.code == .inUse else { throw error }
      pass(microseconds: 200)
      return nil
    }
  }
}

// MARK: Receiving

extension Party {
  /// Returns at the end of the stream, if that is the last one.
  func receive(from channel: any Channel<Bytes>, rounds: Int = .max) throws {
    var (round, total) = (0, 0)
    while round < rounds, !hasToStop() {
      round += 1
      let claimed = try claim { () throws(TransportError) in try channel.receiver(share: 8) }
      guard var end = claimed else { continue }
      ledger.note(.claimed)
      ledger[.holding] = 1
      var count = 0
      while !hasToStop(), count < cycle ?? .max {
        count += 1
        guard try receiveSome(&end, inBatch: count % 3 == 0) else { break }
        // Long enough that the senders have filled their lanes, and wait.
        total += 1
        if isPaced, total % 16 == 0 { pass(microseconds: total % 64 == 0 ? 400 : 50) }
        // Long enough that a broadcast's sender has filled all its lanes.
        if isPaced, channel.isBroadcast, total % 256 == 0 { pass(microseconds: 20_000) }
      }
      ledger[.holding] = 0
      let isAtEnd = ledger[.last] != 0 && ledger[.stop] == 0
      end.close()
      if isAtEnd && cycle == nil { return }
    }
  }

  /// False if the end is of no use any more.
  private func receiveSome(_ end: inout Receiver<Bytes>, inBatch: Bool) throws -> Bool {
    do throws(ChannelError) {
      if inBatch {
        if var batch = try end.receive(batch: 4, timeout: .milliseconds(5)) {
          while let message = try batch.next() { note(message) }
          return true
        }
      } else if let message = try end.receive(timeout: .milliseconds(5)) {
        note(message)
        return true
      }
      // The end of the stream, for now or for good.
      let isLast = ledger[.last] != 0
      ledger.note(.closed)
      if !isLast { pass(microseconds: 500) }
      return !isLast
    } catch .timedOut {
    } catch .peerDied {
      ledger.note(.died)
    } catch .lost(let count) {
      ledger.note(.lost(count))
    } catch .evicted {
      ledger.note(.evicted)
      return false
    } catch {
      throw error
    }
    return true
  }

  private func note(_ message: borrowing Message<Bytes>) {
    let sequence = Pattern.sequence(of: message.elements) ?? -1
    guard sequence >= 0, sequence >> 32 < 1 << 12, pattern.matches(message.elements, sequence)
    else {
      ledger[.torn] += 1
      return
    }
    ledger.note(
      .message(
        sender: sequence >> 32, number: sequence & 0xFFFF_FFFF,
        isRedelivery: message.isRedelivery))
  }
}

extension Channel {
  fileprivate var isBroadcast: Bool { Self.kind == .broadcast }
}
