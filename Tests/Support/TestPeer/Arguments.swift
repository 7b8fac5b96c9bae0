// What a command must bring and have. A test that forgets it is wrong, and its peer ends.

import PsyneCore
import TestSupport

extension [String] {
  func number(_ index: Int, radix: Int = 10) -> Int {
    guard index < count, let number = Int(self[index], radix: radix) else {
      fatalError("argument \(index) of \(self) is no number")
    }
    return number
  }

  /// The first argument: whose part to play.
  func role() -> Role {
    guard let word = first, let role = Role(rawValue: word) else {
      fatalError("\(self) names no end")
    }
    return role
  }
}

extension Session {
  func opened() -> any Channel<Bytes> {
    guard let channel else { fatalError("no channel is open") }
    return channel
  }

  func board() -> Scoreboard {
    guard let scoreboard else { fatalError("no scoreboard was given") }
    return scoreboard
  }

  /// Takes an end out, to be put back.
  func taken<End: ~Copyable>(_ end: inout End?) -> End {
    guard let taken = end.take() else { fatalError("no such end is claimed") }
    return taken
  }
}
