internal import Synchronization

/// The sending end of a lane whose messages come over a link: room for bytes as they come, of which whole
/// messages are published.
final class InboundLane {
  let lanes: LaneSet
  private let lane: LaneMemory
  /// End of the last whole message.
  private(set) var whole: Int
  private var messages: Int
  private var lastConsumed: Int
  private var isAttached = false
  private let largestMessage: Int
  private let frames: Frames

  /// Takes the end.
  init(_ lanes: LaneSet, largestMessage: Int) throws(TransportError) {
    self.lanes = lanes
    self.largestMessage = largestMessage
    lane = lanes.lanes[0]
    frames = Frames(of: lane, lanes.format)
    (whole, lastConsumed) = (0, 0)
    messages = unsafe lane.position(LaneLayout.messages).pointee.load(ordering: .relaxed)
    guard let positions = try attach() else {
      preconditionFailure("an end is attached with its position or not at all")
    }
    (whole, lastConsumed) = (positions.tail, positions.head)
  }

  /// Takes the end, unless it is taken. Returns where the lane then stands.
  @discardableResult
  func attach() throws(TransportError) -> LanePositions? {
    guard !isAttached else { return nil }
    var positions: LanePositions?
    _ = try lanes.attach(toOneOf: lanes.senders) { _ in
      positions = LanePositions(lane, shape: lanes.shape, unit: lanes.format.positionUnit)
      return positions != nil
    }
    isAttached = true
    return positions
  }

  /// Leaves the end, unless it is left: whoever receives is told, behind what was published.
  func leave(as ending: LaneEnding) {
    guard isAttached else { return }
    isAttached = false
    lanes.detach(.sender(0), as: ending)
  }

  /// Up to where the receiver has given room back, which is all that may be filled again: never back, and
  /// never beyond what there is to read, whatever it has written there. Acquire pairs with its release:
  /// it has finished reading what is before.
  var consumed: Int {
    let head = unsafe lane.position(LaneLayout.head).pointee.load(ordering: .acquiring)
    lastConsumed = max(lastConsumed, min(head, whole))
    return lastConsumed
  }

  var receiver: EndMemory { lane.channel.receiver(0) }

  /// Room for `count` bytes at `position`, which is free.
  func room(at position: Int, count: Int) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: lane.bytes(at: position), count: count)
  }

  /// Publishes every whole message before `end`, to where bytes have come.
  ///
  /// - Throws: for a message that cannot be one.
  func publish(upTo end: Int) throws(LinkError) {
    let before = whole
    var failure: LinkError?
    if lanes.format.isFixedSize {
      whole = end - end % lanes.format.elementSize
    } else {
      do { try advance(to: end) } catch { failure = error }
    }
    // Also what came before a message that cannot be one.
    if whole != before { try publishWhole() }
    if let failure { throw failure }
  }

  private func publishWhole() throws(LinkError) {
    do { try attach() } catch { throw LinkError(.other, error.message) }
    lane.storeCount(messages, upTo: whole)
    // Release pairs with the receiver's acquire of `tail`: the messages before it are whole.
    unsafe lane.position(LaneLayout.tail).pointee.store(whole, ordering: .releasing)
    // The flag is read after the store: one fence for many messages, and the sleeper needs no barrier.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    if unsafe lane.word(LaneLayout.receiversParked).pointee.load(ordering: .relaxed) != 0 {
      unsafe LaneMemory.wakeReceivers(lane.word(LaneLayout.receiversParked), lane.hub)
    }
  }

  private func advance(to end: Int) throws(LinkError) {
    while whole + 8 <= end {
      let header = frames.header(at: whole)
      let bytes = Int(header & 0xffff_ffff)
      guard frames.isType(header) else {
        throw LinkError(
          .malformed, "a message of type \(header >> 32) came on a channel of \(lanes.format)")
      }
      guard bytes <= largestMessage else {
        throw LinkError(
          .tooLarge,
          "a message of \(bytes) bytes came, and at most \(largestMessage) are taken: raise "
            + "maxmessage or the capacity on the receiving side")
      }
      let next = frames.end(of: whole, header)
      guard next - whole <= lane.capacity else {
        throw LinkError(.malformed, "a message of \(bytes) bytes came, which no lane here holds")
      }
      guard next <= end else { return }
      guard frames.isSound(at: whole, header) else {
        throw LinkError(
          .malformed,
          "a message of \(bytes) bytes came, which is no whole \(lanes.format.name): its length or "
            + "shape is wrong")
      }
      whole = next
      messages += 1
    }
  }

  /// Has the bell rung when the receiver frees room.
  func arm() { unsafe lane.word(LaneLayout.senderParked).pointee.store(1, ordering: .releasing) }
}
