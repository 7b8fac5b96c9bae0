import PsyneCore
import TestSupport

/// Kills at moments that nobody chose, one victim after the other in the same channel.
struct RandomKills: Sendable {
  let setting: Setting
  let role: Role
  let kills: Int
  let seed: UInt64

  func run() throws -> Figures {
    let arena = try Arena(setting)
    do {
      return try run(in: arena)
    } catch {
      arena.giveUp()
      throw Wrong("\(setting) \(role), killed at random moments, seed \(seed): \(error)")
    }
  }

  private func run(in arena: Arena) throws -> Figures {
    var random = SeededGenerator(seed: seed)
    try arena.open()
    try arena.startSurvivors(beside: role)
    for number in 0..<kills {
      let victim = try arena.victim(role, as: 100 + number)
      // Mostly in the middle of its work, sometimes while it is still coming.
      if Int.random(in: 0..<8, using: &random) > 0 {
        try arena.waitUntil("the victim takes the place of the last") {
          victim.ledger[.claims] > 0
        }
      }
      pass(microseconds: UInt64.random(in: 0...4000, using: &random))
      victim.process.kill()
    }
    let successor = try arena.start(role, as: 4000)
    try arena.waitUntil("a successor goes on in the place of the dead") {
      role == .sender ? successor[.sent] > 60 : successor[.delivered] > 30
    }
    try arena.finish()
    var figures = arena.verdict(mayReturn: role == .receiver && setting.sharesLanes)
    figures.kills = kills
    guard figures.areClean, figures.redelivered <= 4 * kills else { throw Wrong(figures.text) }
    return figures
  }
}
