@testable import PsyneCompress
import PsyneCore
import TestSupport
import Testing

/// A wire, and a sender that compresses as is chosen, with a clock of their own.
private struct Scene {
  var choice = LevelChoice()
  /// Nanoseconds of a byte on the wire.
  var wire: Double
  /// What a byte takes and becomes, as it is, fast and hard.
  var costs: [LevelChoice.Cost]
  /// Nanoseconds that the sender has nothing to send, after each block.
  var pause: Int64 = 0
  var block = 64 << 10
  /// What the system holds.
  var room = 256 << 10
  /// The part of it by which the wire is faster or slower from block to block.
  var unrest = 0.0
  private var random = SeededGenerator(seed: 7)

  private(set) var now: Int64 = 1_000_000
  private var waiting = 0.0
  private(set) var used: [LevelChoice.Effort: Int] = [:]
  /// How often another way was taken.
  private(set) var turns = 0

  /// Data that LZ4 makes eight times fewer.
  static let json = [
    LevelChoice.Cost(nanoseconds: 0.05, share: 1), .init(nanoseconds: 0.53, share: 0.124),
    .init(nanoseconds: 3.5, share: 0.071),
  ]
  static let random = [
    LevelChoice.Cost(nanoseconds: 0.05, share: 1), .init(nanoseconds: 0.07, share: 1),
    .init(nanoseconds: 0.4, share: 1),
  ]

  init(wire: Double, _ costs: [LevelChoice.Cost] = json) { (self.wire, self.costs) = (wire, costs) }

  mutating func send(blocks: Int) {
    used = [:]
    turns = 0
    for _ in 0..<blocks { sendOne() }
  }

  private mutating func sendOne() {
    let steady = wire
    defer { wire = steady }
    if unrest > 0 { wire *= 1 + Double.random(in: -unrest...unrest, using: &random) }
    let effort = choice.effort
    used[effort, default: 0] += 1
    let cost = costs[effort.rawValue]
    let start = now
    pass(Int64(cost.nanoseconds * Double(block)))
    let made = Int(cost.share * Double(block))
    choice.encoded(block, wire: made, from: start, to: now)
    if choice.effort != effort { turns += 1 }
    waiting += Double(made)
    // Nothing more is taken before half of it has left.
    let held = waiting
    let start2 = now
    if waiting > Double(room) { pass(Int64((waiting - Double(room) / 2) * wire)) }
    pass(pause)
    guard held > 0, now > start2 else { return }
    choice.wireMoved(
      WireSample(bytes: Int(held - waiting), nanoseconds: now - start2, isAtMost: waiting == 0))
  }

  private mutating func pass(_ time: Int64) {
    now += time
    waiting = wire == 0 ? 0 : max(0, waiting - Double(time) / wire)
  }

  func share(_ effort: LevelChoice.Effort) -> Double {
    Double(used[effort] ?? 0) / Double(max(1, used.values.reduce(0, +)))
  }
}

/// Bits a second, in nanoseconds of a byte.
private func speed(megabits: Double) -> Double { 8000 / megabits }

@Suite("The choice of a level")
struct LevelChoiceTests {
  @Test("hard over slow wires, fast over faster ones, not at all over the fastest")
  func wires() {
    for (megabits, effort) in [
      (2.0, LevelChoice.Effort.high), (20, .high), (50, .high), (1000, .fast), (4000, .fast),
      (40_000, .none), (.infinity, .none),
    ] {
      var scene = Scene(wire: speed(megabits: megabits))
      scene.send(blocks: 2000)
      scene.send(blocks: 40_000)
      #expect(scene.share(effort) > 0.95, "\(megabits) Mbit/s: \(scene.used)")
      #expect(scene.turns < 40, "\(megabits) Mbit/s: \(scene.turns) turns")
    }
  }

  @Test("it begins with fast, and knows within some windows")
  func beginning() {
    var slow = Scene(wire: speed(megabits: 20))
    #expect(slow.choice.effort == .fast && slow.choice.wire == nil)
    slow.send(blocks: 8 * 16)
    #expect(slow.choice.effort == .high)
    #expect(slow.choice.wire.map { abs($0 - 400) < 20 } == true, "\(slow.choice.wire ?? 0)")
    var none = Scene(wire: 0)
    none.send(blocks: 8 * 300)
    #expect(none.choice.effort == .none && none.choice.wire == nil)
    #expect(none.share(.fast) < 0.5)
  }

  @Test("a wire that is idle, and a sender that has little to send, change nothing")
  func idle() {
    for megabits in [20.0, 1000, .infinity] {
      var scene = Scene(wire: speed(megabits: megabits))
      scene.block = 1 << 10
      scene.pause = 20_000_000
      scene.send(blocks: 50_000)
      #expect(scene.used == [.fast: 50_000], "\(megabits) Mbit/s")
      #expect(scene.choice.wire == nil)
    }
  }

  @Test("a burst that waits in the system is seen, and so is the wire's speed and not the sender's")
  func bursts() {
    // 256 KiB that are there for a fifth of the time.
    var scene = Scene(wire: speed(megabits: 20), Scene.random)
    scene.pause = 130_000_000
    scene.send(blocks: 400)
    #expect(scene.choice.wire == nil, "nothing waited when it went on")
    scene.pause = 13_000_000
    scene.send(blocks: 400)
    #expect(scene.choice.wire.map { abs($0 - 400) < 20 } == true, "\(scene.choice.wire ?? 0)")
  }

  @Test("a wire that becomes slow is compressed for, and left alone when it is fast again")
  func change() {
    var scene = Scene(wire: 0)
    scene.send(blocks: 20_000)
    for _ in 0..<3 {
      scene.wire = speed(megabits: 50)
      scene.send(blocks: 1000)
      #expect(scene.choice.effort == .high)
      scene.wire = 0
      scene.send(blocks: 4000)
      #expect(scene.choice.effort == .none)
    }
  }

  @Test("data that do not shrink are not compressed hard, and such as do again are")
  func data() {
    var scene = Scene(wire: speed(megabits: 20), Scene.random)
    scene.send(blocks: 8000)
    #expect(scene.share(.high) < 0.05, "\(scene.used)")
    scene.costs = Scene.json
    scene.send(blocks: 4000)
    #expect(scene.choice.effort == .high)
  }

  @Test("where one way is as good as the other it stays with one")
  func hysteresis() {
    // Around where a byte takes as long as it is and compressed.
    let even = 0.53 / (1 - 0.124)
    for wire in stride(from: 0.7 * even, through: 1.4 * even, by: 0.05 * even) {
      var scene = Scene(wire: wire)
      scene.unrest = 0.3
      scene.send(blocks: 50_000)
      #expect(scene.turns < 30, "\(wire): \(scene.turns) turns")
    }
  }

  @Test("a wire that stands still says nothing")
  func standstill() {
    var choice = LevelChoice()
    for window in 0..<100 as Range<Int64> {
      choice.wireMoved(WireSample(bytes: 0, nanoseconds: 60_000_000_000, isAtMost: false))
      for block in 0..<4 as Range<Int64> {
        let start = 60_000_000_000 * (window + 1) + 40_000 * block
        choice.encoded(64 << 10, wire: 8 << 10, from: start, to: start + 40_000)
      }
      #expect(choice.wire == nil && choice.effort == .fast)
    }
  }

  @Test("a wire that was seen to be faster than believed is believed to be")
  func faster() {
    var scene = Scene(wire: speed(megabits: 20))
    scene.send(blocks: 400)
    var choice = scene.choice
    choice.wireMoved(WireSample(bytes: 1000, nanoseconds: 1_000_000_000, isAtMost: true))
    #expect(choice.wire == scene.choice.wire)
    choice.wireMoved(WireSample(bytes: 1_000_000, nanoseconds: 1_000_000, isAtMost: true))
    #expect(choice.wire == 1)
  }

  @Test("the same is chosen of the same")
  func determinism() {
    func efforts() -> [LevelChoice.Effort] {
      var scene = Scene(wire: speed(megabits: 300))
      return (0..<2000).map { _ in
        scene.send(blocks: 1)
        return scene.choice.effort
      }
    }
    #expect(efforts() == efforts())
  }
}
