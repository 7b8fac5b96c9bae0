internal import CPsyne
internal import PsyneCore
internal import Synchronization

/// One side of a connection between processes: two private channels for messages, and two more whose ends
/// tell each side whether the other is there.
final class IPCCarrier: LocalCarrier, @unchecked Sendable {
  // Unchecked: state under its lock, and an atomic.
  private let ownLife: Mutex<Sender<Text>?>
  private let leaveTheirs: @Sendable () -> Void
  private let isWatching = Atomic<Bool>(false)

  init(
    inbound: LaneSet, outbound: LaneSet, ownLife: consuming Sender<Text>,
    theirLife: OwnedReceiver, peer: String
  ) {
    self.ownLife = Mutex(ownLife)
    leaveTheirs = { [weak theirLife] in theirLife?.abandon() }
    super.init(inbound: inbound, outbound: outbound, peer: peer, state: .connected)
    Task(executorPreference: Reactor.shared) { [weak self] in
      let ending = await theirLife.ending()
      self?.peerEnded(ending)
      self?.letGo()
    }
  }

  override func tellPeer(_ ending: LaneEnding) {
    guard ending == .died else { return letGo() }
    // Its end counts as one whose process has died.
    inbound.leave(as: .died)
    outbound.leave(as: .died)
    ownLife.withLock { $0?.abandon() }
    // The process may be about to end: what it is the last to leave, it removes.
    leaveTheirs()
    letGo()
  }

  /// What a listener says to one that wants to connect: nothing, if it may.
  ///
  /// - Returns: why it could not be said; nil also where the connection has ended meanwhile, which tells
  ///   the other side enough.
  func answer(_ text: String) -> ChannelError? {
    ownLife.withLock { life -> ChannelError? in
      do throws(ChannelError) {
        // There is room, since nothing else is ever said, unless the other side has filled it.
        try life?.send(text, timeout: .zero)
        return nil
      } catch {
        return error
      }
    }
  }

  private func letGo() { ownLife.withLock { $0 = nil } }

  override var isSharedWithOthers: Bool { true }

  /// The sender is another process, which rings no bell here: the reactor waits for it.
  override func watchArrivals() {
    guard !isWatching.exchange(true, ordering: .acquiringAndReleasing) else { return }
    inbound.announceReceiver()
    Task(executorPreference: Reactor.shared) { [weak self, inbound] in
      await inbound.awaitWord()
      guard let self else { return }
      self.isWatching.store(false, ordering: .releasing)
      self.tellArrival()
    }
  }
}

/// A receiver in a task, which cannot capture what cannot be copied.
final class OwnedReceiver: @unchecked Sendable {
  // Unchecked: it belongs to the one task that waits.
  private var receiver: Receiver<Text>
  /// Leaves the channel as if this process had died, from any thread; the task then goes on.
  let abandon: @Sendable () -> Void

  init(_ receiver: consuming Receiver<Text>) {
    abandon = receiver.abandonment
    self.receiver = receiver
  }

  /// Whether the other side is there, and holds its end by this lock.
  func hasSender(_ foothold: borrowing Foothold) -> Bool {
    // Both: a lock without an end is not noticed when it goes, nor an end without a lock.
    foothold.isHeldElsewhere(SegmentLayout.senderLocks)
      && (try? receiver.awaitSender(timeout: .zero)) != nil
  }

  /// Waits for what the listener says.
  func answer(timeout: Duration) throws(ChannelError) -> String? {
    try Self.text(from: &receiver, timeout)
  }

  private static func text(
    from receiver: inout Receiver<Text>, _ timeout: Duration
  ) throws(ChannelError) -> String? {
    try receiver.receive(timeout: timeout)?.string
  }

  /// Waits until the other side has left.
  func ending() async -> LaneEnding {
    while true {
      do {
        guard try await receiver.next() != nil else { return .closed }
      } catch {
        return error == .closed ? .closed : .died
      }
    }
  }
}
