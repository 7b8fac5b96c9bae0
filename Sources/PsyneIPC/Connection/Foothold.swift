internal import PsyneCore

/// A part in a channel that somebody else has made and has open: the channel stays for as long as this
/// is there, and so whoever opens it joins it.
///
/// To open a channel makes one where there is none, and adopts one that dead processes have left. Who
/// answers somebody must do neither: it would be talking to itself.
struct Foothold: ~Copyable {
  private let file: File

  /// Waits while somebody comes to the channel or leaves it, unless `isEnding` turns true.
  ///
  /// - Throws: ``TransportError/Code/notFound`` if there is no such channel, or nobody who lives has it
  ///   open.
  init(at path: String, unless isEnding: () -> Bool) throws(TransportError) {
    let file = try Self.open(path)
    // Parties come, leave and remove the file in the gate. So what is seen here is so until we are a
    // party ourselves.
    guard file.enterGate(until: ContinuousClock.now + File.gatePatience, unless: isEnding) else {
      throw TransportError(
        .busy,
        "\(file.gateHolder) stopped while opening or closing \(path): let it go on, or end it")
    }
    guard let status = try? file.status(), status.links == 1, file.hasOtherParties else {
      throw TransportError(.notFound, "it has left: nobody has \(path) open")
    }
    let isParty = (0..<SegmentLayout.partyCount).contains {
      file.tryLock(SegmentLayout.partyLocks + Int64($0))
    }
    guard isParty else {
      throw TransportError(
        .inUse, "\(path) is open in \(SegmentLayout.partyCount) places, which is the most")
    }
    file.unlock(SegmentLayout.gateLock)
    self.file = file
  }

  private static func open(_ path: String) throws(TransportError) -> File {
    do throws(SystemError) {
      return try File.existing(at: path)
    } catch {
      throw TransportError(
        .notFound, "it has left, or has never been there: cannot open \(path) (\(error.text))",
        errno: error.number)
    }
  }

  /// Whether another party holds an end, whose lock is at this offset.
  func isHeldElsewhere(_ lock: Int64) -> Bool { file.isLockedElsewhere(lock) }
}
