import PsyneCore

/// One death, or one long stop: who, in which kind of channel, and where.
struct Cell: Sendable, CustomStringConvertible {
  let setting: Setting
  let role: Role
  let step: Step
  /// The how-many-th time the step is reached.
  let arrival: Int
  /// Whether it goes on after a while instead of dying.
  let isStop: Bool

  var description: String {
    "\(setting) \(role) at \(step) \(arrival)\(isStop ? ", stopped" : "")"
  }

  /// How the victim is brought to the step.
  enum Scene {
    /// Among others that use the channel.
    case busy
    /// Alone: it creates the channel or removes it.
    case alone
    /// It opens a channel whose parties have all died.
    case heir
    /// It finds that the holder of an end on the other side has died.
    case witness
    /// It finds that another receiver has died with a share of the messages.
    case adoption
  }

  var scene: Scene {
    switch step {
    case .segmentBuilt, .segmentLinked, .segmentUnlinked: .alone
    case .segmentRecovered: .heir
    case .deathRecorded: .witness
    case .endPositionStored: role == .receiver ? .witness : .busy
    case .endAdopted: .adoption
    default: .busy
    }
  }

  /// Whether the victim opens the channel anew for each claim.
  var hasManyLives: Bool {
    switch step {
    case .segmentBuilt, .segmentLinked, .segmentUnlinked, .partyJoined, .partyLeft: true
    default: false
    }
  }

  /// Whether those who hold other ends have to go on while the victim is stopped here.
  var othersGoOn: Bool {
    guard scene == .busy else { return false }
    switch (setting, role) {
    case (.mpsc, .sender), (.mpmc, .sender), (.lose, .receiver), (.evict, .receiver): return true
    case (.spmc, .receiver), (.mpmc, .receiver):
      // A receiver that holds messages keeps their room, and so the lane fills up. And in the gate, it
      // keeps the others from taking over what one that left has not read.
      switch step {
      case .claimAnnouncedStart, .claimAnnounced, .claimConfirmed, .claimWithdrawn, .endReleased:
        return true
      default: return false
      }
    default: return false
    }
  }

  /// Every cell that can be reached; those of the last kind once: its event happens once.
  static func all() -> [Cell] {
    Setting.allCases.flatMap { setting in
      Role.allCases.flatMap { role in
        Step.allCases.filter { obstacle($0, setting, role) == nil }.flatMap { step in
          let once = Cell(setting: setting, role: role, step: step, arrival: 1, isStop: false)
          let isRare: Bool =
            switch once.scene {
            case .heir, .witness, .adoption: true
            case .alone, .busy: false
            }
          if isRare { return [once] }
          // The sender seldom sleeps while there are others that would wake it.
          let late = step == .senderTaken ? 4 : 17
          let others = [(2, false), (late, false), (2, true)].map { arrival, isStop in
            Cell(setting: setting, role: role, step: step, arrival: arrival, isStop: isStop)
          }
          return [once] + others.filter { !$0.isStop || $0.scene == .busy }
        }
      }
    }
  }
}

extension Cell {
  /// Why a step cannot be reached; nil if it can.
  static func obstacle(_ step: Step, _ setting: Setting, _ role: Role) -> String? {
    switch step {
    case .segmentBuilt, .segmentLinked, .partyJoined, .segmentRecovered, .partyLeft,
      .segmentUnlinked, .gateTaken, .endTaken, .prepared, .attached, .deathRecorded,
      .endPositionStored, .endingStored, .endingCounted, .detached, .endReleased,
      .receiverRoused, .senderRoused:
      return nil
    case .tailStored, .parkedTaken:
      return role == .sender ? nil : "senders do it"
    case .freedStored:
      return role == .sender && setting.sharesLanes ? nil : "senders of shared lanes do it"
    case .doneStored, .handedStored, .headStored, .parkHinted:
      return role == .receiver ? nil : "receivers do it"
    case .endingSeen:
      return role == .receiver && setting.consumers == 1 ? nil : "an only receiver does it"
    case .claimAnnouncedStart, .claimAnnounced, .claimConfirmed, .claimed, .claimWithdrawn,
      .intentCleared, .endAdopted:
      return role == .receiver && setting.sharesLanes ? nil : "receivers of shared lanes do it"
    case .termRestored:
      return "it takes a receiver that pins a term between two loads of the sender"
    case .termRetired, .termDescribed, .termOpened, .termCurrent, .termClosed:
      return role == .sender && setting.isBroadcast ? nil : "a broadcast's sender does it"
    case .evicted:
      return role == .sender && setting == .evict ? nil : "a sender that evicts does it"
    case .slotCleared, .termPinned, .termUnpinned:
      return role == .receiver && setting.isBroadcast ? nil : "a broadcast's receivers do it"
    case .parkAnnounced, .parkWithdrawn:
      let waits = role == .receiver || setting != .lose && setting != .evict
      return waits ? nil : "this sender never waits"
    case .senderTaken:
      let waits = setting != .lose && setting != .evict
      return role == .receiver && waits ? nil : "receivers of a sender that waits do it"
    }
  }
}
