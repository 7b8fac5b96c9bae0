import Glibc
import PsyneCore
import TestSupport

extension Session {
  /// Opens "race-N" at the same moment as the other side, ROUNDS times, and passes one message each
  /// time. The sender counts the segments while both have it open.
  func race(_ role: Role, rounds: Int) throws -> String {
    let board = self.board()
    for round in 1...rounds {
      board.add(.ready)
      while board[.ready] < 2 * round {
        if board[.stop] != 0 { return "stopped" }
        sched_yield()
      }
      let channel = try registry.open(
        "ipc://race-\(round)", as: SPSCChannel<Bytes>.self,
        options: ChannelOptions(capacity: .kibibytes(4)))
      switch role {
      case .sender:
        var end = try channel.sender()
        try end.send(copying: [UInt8(truncatingIfNeeded: round)].span)
        // Until the receiver has it.
        while board[.received] < round {
          if board[.stop] != 0 { return "stopped" }
          sched_yield()
        }
      case .receiver:
        var end = try channel.receiver()
        var number: UInt8?
        do {
          let message = try end.receive(timeout: watchdog)
          if let message, message.count == 1 { number = message[0] }
        }
        guard number == UInt8(truncatingIfNeeded: round) else {
          board[.stop] = 1
          return "round \(round): the message is \(number.map(String.init) ?? "missing")"
        }
        let segments = try listDirectory(directory).filter { $0.hasPrefix("psyne.race") }
        board[.received] = round
        guard segments == ["psyne.race-\(round)"] else {
          board[.stop] = 1
          return "round \(round): \(segments)"
        }
      }
      // Both have left before the next round begins.
      drop(channel)
      board.add(.arrived)
      while board[.arrived] < 2 * round {
        if board[.stop] != 0 { return "stopped" }
        sched_yield()
      }
    }
    return "ok"
  }

  private func drop(_ channel: consuming SPSCChannel<Bytes>) {}

  /// Opens, claims, sends or receives and leaves, over and over, until the scoreboard says stop.
  /// While it holds an end nobody else may: the scoreboard would show two holders.
  func churn(_ role: Role) throws -> String {
    let board = self.board()
    var rounds = 0
    while board[.stop] == 0 {
      let channel = try registry.open(
        "ipc://churn", as: SPSCChannel<Bytes>.self, options: ChannelOptions(capacity: .kibibytes(4))
      )
      do throws(TransportError) {
        switch role {
        case .sender:
          var end = try channel.sender()
          if board.add(.holder) != 1 { board.add(.errors) }
          try? end.send(copying: [1, 2, 3].span, timeout: .zero)
          board.add(.holder, -1)
        case .receiver:
          var end = try channel.receiver()
          for _ in 0..<3 {
            do throws(ChannelError) {
              _ = try end.tryReceive()
            } catch .corrupt {
              board.add(.errors)
            } catch {}
          }
        }
        rounds += 1
        board.add(.operations)
      } catch {
        guard error.code == .inUse else { throw error }
      }
    }
    return "ok"
  }
}
