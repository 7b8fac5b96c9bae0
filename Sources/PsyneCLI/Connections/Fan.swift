internal import ArgumentParser
internal import Psyne

/// Who gets a message of a sender that listens.
enum FanOut: String, CaseIterable, ExpressibleByArgument {
  /// The receiver that has the least to read.
  case free
  /// Every receiver that is there.
  case all
}

/// Sends to those that have connected to a listener of ours.
struct Fan<Body: ResizableBody & SendableMetatype>: ~Copyable {
  private let listener: OwnListener<Body>
  private var sender: ServerSender<Body>
  private let to: FanOut
  /// What `--timeout` says, or else the address.
  private let whenFull: WhenFull
  /// The longest message in bytes.
  let largestMessage: Int
  /// Receivers that something was sent to.
  private var used: Set<PeerID> = []
  /// Receivers that will read no more.
  private var gone: Set<PeerID> = []
  /// How many of them had not read everything that was sent to them.
  private(set) var leftEarly = 0
  /// Those that can read, as of so many changes.
  private var known: [Server<Body>.Peer] = []
  private var knownChanges = -1

  /// For so long at most a receiver is waited for while another may be free.
  private static var turn: Duration { .milliseconds(20) }

  /// Waits until so many receivers are there.
  ///
  /// - Throws: ``ChannelError/timedOut``.
  init(_ listener: OwnListener<Body>, to: FanOut, receivers: Int, timeout: Duration?) throws {
    self.listener = listener
    self.to = to
    guard listener.roster.wait(timeout: timeout, until: { $0.here >= receivers }) else {
      throw ChannelError.timedOut
    }
    var sender = listener.server.sender()
    var terms: (largest: Int, whenFull: WhenFull)?
    for peer in listener.server.peers where terms == nil {
      // The same for all; one that has left by now cannot tell.
      terms = try? sender.to(peer.id) { ($0.largestMessage, $0.whenFull) }
    }
    guard let terms else { throw ChannelError.closed }
    largestMessage = terms.largest
    whenFull = timeout.map { .waitUpTo($0) } ?? terms.whenFull
    self.sender = sender
  }

  /// Sends a copy of the bytes of a message.
  ///
  /// - Returns: false if it was dropped, for which there was no room.
  /// - Throws: ``ChannelError/closed`` or ``ChannelError/peerDied`` if nobody is there any more.
  mutating func send(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
    switch to {
    case .free: unsafe try sendToWhoeverIsFree(bytes)
    case .all: unsafe try sendToAll(bytes)
    }
  }

  /// Waits until everybody has read everything, or is gone.
  mutating func drain(timeout: Duration?) throws {
    for peer in used.subtracting(gone) {
      do {
        try sender.to(peer) { try $0.drain(timeout: timeout) }
      } catch let error as ChannelError where error.isDeparture {
        leftEarly += 1
      }
    }
  }

  /// Ends it before all was sent: while it has its sender, whose end would be an orderly one to all of them.
  mutating func abandon() { listener.leave() }

  // MARK: To one

  private mutating func sendToWhoeverIsFree(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
    let deadline = deadline
    while true {
      let free = peers(asOfNow: known.count > 1).filter { $0.state == .connected }
        .min { $0.unreadBytes < $1.unreadBytes }
      do {
        guard let free else {
          try awaitSomebody(until: deadline)
          continue
        }
        if let isSent = unsafe try offer(bytes, to: free.id, whenFullForNow) { return isSent }
      } catch ChannelError.timedOut where Monotonic.now < deadline {
        // Another may have room by now.
      }
    }
  }

  private var deadline: Int64 {
    if case .waitUpTo(let time) = whenFull { Monotonic.deadline(after: time) } else { .max }
  }

  private var whenFullForNow: WhenFull {
    switch whenFull {
    case .wait: .waitUpTo(Self.turn)
    case .waitUpTo(let time): .waitUpTo(min(time, Self.turn))
    case .fail, .dropNewest: whenFull
    }
  }

  private func awaitSomebody(until deadline: Int64) throws {
    if listener.roster.counts.areAllGone { throw departure }
    guard Monotonic.now < deadline else { throw ChannelError.timedOut }
    listener.roster.waitForChange(timeout: Self.turn)
  }

  // MARK: To all

  private mutating func sendToAll(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
    var (isSent, count) = (true, 0)
    for peer in peers(asOfNow: false) {
      guard let wasSent = unsafe try offer(bytes, to: peer.id, whenFull) else { continue }
      isSent = isSent && wasSent
      count += 1
    }
    guard count > 0 else { throw departure }
    return isSent
  }

  // MARK: Each

  /// Those that can read. How much they have to read is as of now only where it is asked for: to ask
  /// takes longer than to send a line.
  private mutating func peers(asOfNow: Bool) -> [Server<Body>.Peer] {
    let changes = listener.roster.changes
    if asOfNow || changes != knownChanges {
      knownChanges = changes
      known = listener.server.peers.filter { peer in
        (peer.state == .connected || peer.state == .interrupted) && !gone.contains(peer.id)
      }
    }
    return known
  }

  /// Nil if it has left.
  private mutating func offer(
    _ bytes: UnsafeRawBufferPointer, to peer: PeerID, _ whenFull: WhenFull
  ) throws -> Bool? {
    let count = bytes.count / MemoryLayout<Body.Element>.stride
    used.insert(peer)
    do {
      return try sender.to(peer) { sender in
        guard var loan = try sender.offer(count: count, whenFull: whenFull) else { return false }
        var elements = loan.elements
        unsafe elements.withUnsafeMutableBytes { unsafe $0.copyMemory(from: bytes) }
        loan.send()
        return true
      }
    } catch let error as ChannelError where error.isDeparture {
      gone.insert(peer)
      known.removeAll { $0.id == peer }
      // Whether it had read all that it had been sent.
      if (try? sender.to(peer) { try $0.drain(timeout: .zero) }) == nil { leftEarly += 1 }
      return nil
    }
  }

  private var departure: ChannelError { listener.roster.counts.died > 0 ? .peerDied : .closed }
}

extension ChannelError {
  fileprivate var isDeparture: Bool { self == .closed || self == .peerDied }
}
