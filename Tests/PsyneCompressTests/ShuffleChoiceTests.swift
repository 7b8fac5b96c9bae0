@testable import PsyneCompress
import Testing

@Suite("The choice to shuffle")
struct ShuffleChoiceTests {
  private static let block = 16 << 10

  private func choice() -> ShuffleChoice { ShuffleChoice(.auto, elementSize: 4) }

  /// Passes blocks until a trial begins, and the trial.
  ///
  /// - Returns: bytes before it.
  private func trial(_ choice: inout ShuffleChoice, own: Int, other: Int) -> Int {
    var passed = 0
    while !choice.beginsTrial() {
      choice.paid(Self.block, own: own, other: nil)
      passed += Self.block
      if passed > 1 << 30 { break }
    }
    while choice.isOnTrial { choice.paid(Self.block, own: own, other: other) }
    return passed
  }

  @Test("the first block is on trial, and later ones ever more seldom while nothing changes")
  func schedule() {
    var choice = choice()
    let passed = (0..<12).map { _ in trial(&choice, own: 1000, other: 2000) }
    #expect(passed[0] == 0)
    // The first has doubled what is at first between two.
    #expect(passed[1] == 2 * ShuffleChoice.shortest)
    #expect(zip(passed.dropFirst(2), passed.dropFirst()).allSatisfy { $0 == min(2 * $1, 64 << 20) })
    #expect(passed[11] == ShuffleChoice.longest)
    #expect(!choice.isShuffled)
  }

  @Test("a trial that shows fewer bytes turns it, and the next one comes soon")
  func turns() {
    var choice = choice()
    for _ in 0..<6 { _ = trial(&choice, own: 1000, other: 2000) }
    _ = trial(&choice, own: 1000, other: 900)
    #expect(choice.isShuffled)
    #expect(choice.order(at: 0).width == 4)
    #expect(choice.otherOrder(at: 0) == .plain)
    #expect(trial(&choice, own: 900, other: 1000) == ShuffleChoice.shortest)
    #expect(choice.isShuffled)
  }

  @Test("a few bytes fewer are not worth a history")
  func hysteresis() {
    var choice = choice()
    _ = trial(&choice, own: 1000, other: 975)
    #expect(!choice.isShuffled)
  }

  @Test("data that shrink by another amount than before are tried anew after a mebibyte")
  func change() {
    for own in [1300, 700] {
      var choice = choice()
      for _ in 0..<9 { _ = trial(&choice, own: 1000, other: 2000) }
      for _ in 0..<200 { choice.paid(Self.block, own: 1000, other: nil) }
      let passed = trial(&choice, own: own, other: 2000)
      #expect(passed <= 128 << 10, "\(passed)")
    }
  }

  @Test("two blocks in a row that only the other way makes shorter turn it; one alone does not")
  func rescues() {
    var choice = choice()
    choice.failed(Self.block, other: 1000)
    choice.paid(Self.block, own: 1000, other: nil)
    choice.failed(Self.block, other: 1000)
    choice.failed(Self.block, other: nil)
    choice.failed(Self.block, other: 1000)
    #expect(!choice.isShuffled)
    choice.failed(Self.block, other: 1000)
    #expect(choice.isShuffled)
  }

  @Test("where nothing is to be chosen, nothing is tried")
  func fixed() {
    for (option, size) in [(LZ4Options.Shuffle.yes, 4), (.no, 4), (.auto, 1), (.yes, 65)] {
      var choice = ShuffleChoice(option, elementSize: size)
      let begins = choice.beginsTrial()
      #expect(!begins && !choice.isOpen)
      #expect(choice.isShuffled == (option == .yes && size == 4))
    }
  }
}
