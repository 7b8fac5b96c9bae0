import Glibc
import PsyneCore
import Synchronization
import TestSupport

// Kills processes at every step, and at random moments, and looks what becomes of the others.
//
//   psyne-kill-matrix cells [FILTER]   every step of every kind and role (a PSYNE_STEPS build)
//   psyne-kill-matrix random KILLS     so many at random moments, over all kinds and roles
//   psyne-kill-matrix obstacles        which steps cannot be reached, and why
//   psyne-kill-matrix victim …         one that is to die: started by the others

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "victim": try Victim(arguments: Array(arguments.dropFirst())).run()
case "cells":
  let filter = arguments.count > 1 ? arguments[1] : ""
  let cells = Cell.all().filter { filter.isEmpty || "\($0)".contains(filter) }
  runAll(cells.map { cell in (cell.description, { try cell.run() }) })
case "random":
  let kills = Int(arguments[1]) ?? 210
  let seed = makeSeed("random kills")
  let settings = Setting.allCases.flatMap { setting in Role.allCases.map { (setting, $0) } }
  let each = 25
  let rounds = max(1, (kills + each * settings.count - 1) / (each * settings.count))
  let perRound = min(each, (kills + settings.count - 1) / settings.count)
  runAll(
    (0..<rounds).flatMap { round in
      settings.map { setting, role in
        let kills = RandomKills(
          setting: setting, role: role, kills: perRound,
          seed: SeededGenerator.mix(seed &+ UInt64(round)))
        return ("\(setting) \(role)", { try kills.run() })
      }
    })
case "obstacles":
  for setting in Setting.allCases {
    for role in Role.allCases {
      for step in Step.allCases {
        if let why = Cell.obstacle(step, setting, role) {
          print("\(setting) \(role) at \(step): \(why)")
        }
      }
    }
  }
default:
  print("psyne-kill-matrix cells [FILTER] | random KILLS | obstacles")
  exit(2)
}

/// Runs them, several at a time: mostly they wait. Ends the process with 1 if one fails.
func runAll(_ runs: [(name: String, run: @Sendable () throws -> Figures)]) {
  let next = Atomic(0)
  let state = Mutex((figures: Figures(), failures: 0))
  let start = ContinuousClock.now
  let threads = (0..<4).map { _ in
    BackgroundThread {
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < runs.count else { return }
        do {
          let figures = try runs[index].run()
          state.withLock { $0.figures += figures }
        } catch {
          print("FAILED: \(runs[index].name): \(error)")
          state.withLock { $0.failures += 1 }
        }
      }
    }
  }
  for thread in threads {
    while !thread.hasEnded { pass(microseconds: 20_000) }
  }
  let (figures, failures) = state.withLock { $0 }
  print("\(runs.count) runs in \(ContinuousClock.now - start): \(figures.text)")
  if failures > 0 {
    print("\(failures) of \(runs.count) failed")
    exit(1)
  }
}
