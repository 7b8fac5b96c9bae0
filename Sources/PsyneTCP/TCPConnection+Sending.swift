internal import CPsyne
internal import Glibc
internal import PsyneCore
internal import Synchronization

// On the program's thread that sends, without the baton.
extension TCPConnection {
  /// A thread of the program has published.
  func published() {
    switch options.flush {
    case .immediate: publisherFlushes(.flush)
    case .background: engine.callSoon(ownTag)
    case .adaptive:
      let last = lastFlush.load(ordering: .relaxed)
      switch gathering.decide(last, now: cpsyne_monotonic_ns(), unflushed: unflushed) {
      case .flush: return publisherFlushes(.flush)
      case .flushGrains:
        publisherFlushes(grains)
        engine.attend(for: ownTag)
      case .collect: link.rearmOutbound()
      // The bell is silent, and the sender comes by when it has written enough.
      case .stream: break
      }
      sweepLater()
    }
  }

  /// The sender has written a ``OutboundBell/quantum`` since it last came by or, for `all`, has no room.
  func comesBy(all: Bool) {
    let bytes = unflushed
    // Else it is told of each message, and has sent what is worth it.
    guard all || bytes >= Gathering.much else { return }
    let time = cpsyne_monotonic_ns() - lastFlush.load(ordering: .relaxed)
    let streams = Gathering.streams(bytes, in: time, already: streaming.isOn)
    if streams { streaming.begin() } else { streaming.end() }
    publisherFlushes(streams && !all ? [grains, .hurry] : [.flush, .hurry])
    guard streams else { return }
    engine.attend(for: ownTag)
    sweepLater()
  }

  /// What waits for a block of a codec's waits for nothing else.
  private var grains: Work { batch > 0 ? .flush : .flushGrains }

  /// Bytes that are published and not sent.
  var unflushed: Int { link.publishedTail - flushedUpTo.load(ordering: .relaxed) }

  private func sweepLater() {
    if let time = streaming.lookLater(lastFlush.load(ordering: .relaxed)) {
      engine.call(ownTag, at: time)
    }
  }

  private func publisherFlushes(_ work: Work) {
    run(work, isPublisher: true)
    // Another thread is at it, and may have been put aside on this CPU: then nothing would leave before
    // its next slice.
    for _ in 0..<4 where baton.hasWork { sched_yield() }
  }
}
