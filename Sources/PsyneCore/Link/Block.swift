/// What stands before everything that follows the hellos: 32 bytes.
struct Block: Equatable, Sendable {
  enum Kind: UInt8, Sendable {
    /// Bytes of the sender's stream, as they lie in its lane.
    case data = 1
    /// Nothing but the positions.
    case acknowledgement = 2
    /// The sender of the messages has left its end, behind what was sent.
    case senderLeft = 3
    /// The receiver has left its end: nobody reads what is sent.
    case receiverLeft = 4
    /// There is a receiver again.
    case receiverCame = 5
    /// This side has nothing more to say, and will hear nothing.
    case goodbye = 6
    /// Why this side ends the link.
    case error = 7
  }

  var kind: Kind
  /// Bytes that follow.
  var length = 0
  /// Of the sender's stream: where the bytes that follow begin, or as far as it has sent.
  var position: Int
  /// What it has received of the other's stream.
  var received: Int
  /// What its program has finished reading.
  var consumed: Int

  static let bytes = 32

  func encode(to buffer: UnsafeMutableRawBufferPointer) {
    unsafe buffer.put(UInt32(truncatingIfNeeded: length), at: 0)
    unsafe buffer.put(UInt32(kind.rawValue), at: 4)
    unsafe buffer.put(UInt64(position), at: 8)
    unsafe buffer.put(UInt64(received), at: 16)
    unsafe buffer.put(UInt64(consumed), at: 24)
  }

  /// - Parameter buffer: ``bytes`` bytes.
  init(decoding buffer: UnsafeRawBufferPointer) throws(LinkError) {
    length = Int(unsafe buffer.number(at: 0, as: UInt32.self))
    let kind: UInt32 = unsafe buffer.number(at: 4)
    guard let kind = UInt8(exactly: kind).flatMap(Kind.init) else {
      throw LinkError(.malformed, "a block of kind \(kind) came, which does not exist")
    }
    self.kind = kind
    guard let position = unsafe buffer.position(at: 8),
      let received = unsafe buffer.position(at: 16), let consumed = unsafe buffer.position(at: 24)
    else { throw LinkError(.malformed, "a block came with an impossible position") }
    self.position = position
    self.received = received
    self.consumed = consumed
    let isPossible =
      switch kind {
      case .data: length > 0 && length <= LaneLayout.maximumCapacity
      case .error: (4...4 + LinkError.maximumBytes).contains(length)
      default: length == 0
      }
    guard isPossible else {
      throw LinkError(.malformed, "a block of kind \(kind) came with a length of \(length)")
    }
  }

  init(_ kind: Kind, length: Int = 0, position: Int, received: Int, consumed: Int) {
    self.kind = kind
    self.length = length
    self.position = position
    self.received = received
    self.consumed = consumed
  }
}
