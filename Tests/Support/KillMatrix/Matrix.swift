import PsyneCore
import TestSupport

/// Something was not as it has to be.
struct Wrong: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

extension Cell {
  private static var victimNumber: Int { 10 }
  private static var successorNumber: Int { 4000 }

  func run() throws -> Figures {
    let arena = try Arena(setting)
    do {
      return try run(in: arena)
    } catch {
      arena.giveUp()
      throw error
    }
  }

  private func run(in arena: Arena) throws -> Figures {
    let (process, ledger) = try prepare(arena)
    let wasHolding = ledger[.holding] == 1
    let other: Role = role == .sender ? .receiver : .sender
    let before = arena.news(of: other)
    if isStop {
      try lookOn(arena)
      process.goOn()
      ledger[.stop] = 1
      try arena.waitUntil("the victim that was stopped ends in order") {
        switch process.state() {
        case .exited(let code):
          guard code == 0 else { throw Wrong("the victim ended with \(code)") }
          return true
        default: return false
        }
      }
    } else {
      process.kill()
    }
    if scene != .busy {
      try arena.open()
      try arena.startSurvivors(beside: role, areLeaving: step == .endingSeen)
    } else if wasHolding, !isStop, role == .sender || setting.consumers == 1 {
      try arena.awaitNews(of: other, since: before)
    }
    try goOn(arena)
    try arena.finish()
    // What the last party of a channel leaves unread goes with it.
    if scene == .alone { arena.forget(Self.victimNumber) }
    var figures = arena.verdict(mayReturn: role == .receiver && setting.sharesLanes)
    figures.cells = 1
    if isStop { figures.stops = 1 } else { figures.kills = 1 }
    if scene == .witness || scene == .adoption || scene == .heir { figures.kills += 1 }
    guard figures.areClean, figures.redelivered <= 4 * figures.kills,
      !isStop || figures.redelivered == 0
    else { throw Wrong(figures.text) }
    return figures
  }

  /// Brings a victim to its step.
  private func prepare(_ arena: Arena) throws -> (VictimProcess, Ledger) {
    let lives = hasManyLives ? 200 : 1
    var victim: (process: VictimProcess, ledger: Ledger)
    switch scene {
    case .busy:
      try arena.open()
      try arena.startSurvivors(beside: role, areLeaving: step == .endingSeen)
      victim = try arena.victim(
        role, as: Self.victimNumber, at: step.rawValue, arrival, lives: lives)
    case .alone:
      victim = try arena.victim(
        role, as: Self.victimNumber, at: step.rawValue, arrival, lives: lives)
    case .heir:
      try sacrifice(arena, .sender, at: .tailStored, 5).kill()
      victim = try arena.victim(role, as: Self.victimNumber, at: step.rawValue, arrival)
    case .witness:
      try arena.open()
      let other: Role = role == .sender ? .receiver : .sender
      try sacrifice(arena, other, at: .attached, 1).kill()
      victim = try arena.victim(role, as: Self.victimNumber, at: step.rawValue, arrival)
    case .adoption:
      try arena.open()
      try arena.start(.sender, as: 30)
      let dying = try sacrifice(arena, .receiver, at: .claimed, 1)
      victim = try arena.victim(role, as: Self.victimNumber, at: step.rawValue, arrival)
      try arena.waitUntil("the victim holds its end") { victim.ledger[.holding] == 1 }
      dying.kill()
    }
    try awaitStop(arena, victim.process)
    return victim
  }

  private func sacrifice(
    _ arena: Arena, _ role: Role, at step: Step, _ arrival: Int
  ) throws -> VictimProcess {
    let process = try arena.victim(role, as: 1, at: step.rawValue, arrival).process
    try awaitStop(arena, process)
    return process
  }

  private func awaitStop(_ arena: Arena, _ process: VictimProcess) throws {
    try arena.waitUntil("the step is reached") {
      switch process.state() {
      case .running: return false
      case .stopped: return true
      case .exited(let code): throw Wrong("the victim ended with \(code) before its step")
      }
    }
  }

  /// A stopped process is not a dead one, and those who do not need it go on.
  private func lookOn(_ arena: Arena) throws {
    let (delivered, deaths) = (arena.delivered, arena.deaths)
    if othersGoOn {
      try arena.waitUntil("others go on while the victim is stopped") {
        // One that is evicted meanwhile comes again by the gate, in which the victim may be.
        arena.delivered > delivered + 200 || hasManyLives && arena.isEverybodyEvicted
      }
    } else {
      // Longer than it takes to notice a death.
      pass(microseconds: 120_000)
    }
    if arena.deaths != deaths {
      throw Wrong("somebody takes the stopped one for dead")
    }
  }

  /// Others take the place of the dead.
  private func goOn(_ arena: Arena) throws {
    let hasSurvivors = role == .receiver && setting.consumers > 1
    if hasSurvivors {
      let delivered = arena.delivered
      try arena.waitUntil("the survivors go on") { arena.delivered > delivered + 60 }
    }
    guard !hasSurvivors || arrival <= 2 else { return }
    let successor = try arena.start(role, as: Self.successorNumber)
    try arena.waitUntil("a successor goes on in the place of the dead") {
      role == .sender ? successor[.sent] > 60 : successor[.delivered] > 30
    }
  }
}
