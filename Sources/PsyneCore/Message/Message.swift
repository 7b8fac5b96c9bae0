public import Synchronization

/// A message where it lies in the lane, lent until its receiver receives again or releases it.
///
/// It cannot be kept: returning it, capturing it in a task, or using a span of it after the next
/// `receive` does not compile. Copy out what must live longer.
@frozen @safe
public struct Message<Body: MessageBody>: ~Escapable {
  @usableFromInline let payload: UnsafeRawPointer
  /// Elements of the message; of a ``Mixed`` message, its bytes.
  public let count: Int
  /// Rows and columns of a matrix; the type of a mixed message; else 0.
  @usableFromInline let shape: UInt64
  /// Whether it may have been received before, by a receiver that died while it was lent to it.
  public let isRedelivery: Bool
  /// Which of a server's connections it came by; else none.
  public let peer: PeerID

  @inlinable @inline(__always)
  @_lifetime(immortal)
  init(
    payload: UnsafeRawPointer, count: Int, shape: UInt64, isRedelivery: Bool, peer: PeerID
  ) {
    unsafe self.payload = payload
    self.count = count
    self.shape = shape
    self.isRedelivery = isRedelivery
    self.peer = peer
  }

  @inlinable @inline(__always)
  var start: UnsafePointer<Body.Element> {
    unsafe (payload + Body.prefixBytes).assumingMemoryBound(to: Body.Element.self)
  }

  /// The elements, read in place.
  ///
  /// Another process can write to them while you look: check a value and use the value, not the
  /// span twice.
  @inlinable
  public var elements: Span<Body.Element> {
    @inline(__always) @_lifetime(copy self)
    get {
      let span = unsafe UnsafeBufferPointer(start: start, count: count).span
      return unsafe _overrideLifetime(span, copying: self)
    }
  }

  /// One element. Traps outside `0..<count`.
  @inlinable
  public subscript(_ index: Int) -> Body.Element {
    @inline(__always) get {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "index beyond the message")
      return unsafe start[index]
    }
  }
}

extension Message where Body: FixedSizeMessage {
  /// The message.
  @inlinable
  public var value: Body {
    @inline(__always) get { unsafe start.pointee }
  }
}

extension Message where Body: ShapedBody {
  @inlinable
  public var rows: Int { Int(shape & 0xffff_ffff) }

  @inlinable
  public var columns: Int { Int(shape >> 32) }

  /// One scalar. Traps outside the shape.
  @inlinable
  public subscript(_ row: Int, _ column: Int) -> Body.Element {
    @inline(__always) get {
      precondition(
        UInt(bitPattern: row) < UInt(bitPattern: rows)
          && UInt(bitPattern: column) < UInt(bitPattern: columns), "index beyond the matrix")
      return unsafe start[row &* columns &+ column]
    }
  }
}

extension Message where Body == Text {
  /// A copy of the text. Nil if the sender wrote something that is not UTF-8. O(n), allocates.
  public var string: String? {
    // Copied first and validated as a copy: the sender could change what lies in the lane.
    String(validating: Array(copying: elements), as: UTF8.self)
  }
}

extension Message where Body == Mixed {
  /// What the sender sent.
  @inlinable
  public var type: MessageType { MessageType(rawValue: UInt32(truncatingIfNeeded: shape)) }

  /// The message as a `Wanted`, or nil if it is of another type.
  ///
  /// - Throws: ``ChannelError/corrupt(_:)`` if it says that it is a `Wanted` and cannot be one.
  @inlinable
  @_lifetime(copy self)
  public func `as`<Wanted: MessageBody>(
    _ body: Wanted.Type
  ) throws(ChannelError) -> Message<Wanted>? {
    precondition(
      MemoryLayout<Wanted.Element>.alignment <= 8
        && Wanted.prefixBytes % MemoryLayout<Wanted.Element>.alignment == 0,
      "a mixed channel aligns its messages to 8 bytes: use a channel of this type alone")
    precondition(Wanted.hasItsOwnType, "ids of your own start at 1000")
    guard type == Wanted.messageType else { return nil }
    let message: Message<Wanted> = try unsafe .decode(
      payload: payload, bytes: count, isRedelivery: isRedelivery, peer: peer)
    return unsafe _overrideLifetime(message, copying: self)
  }
}

extension Message {
  /// Reads a payload of `bytes` bytes, which lie within the lane, as a message of this type.
  @inlinable @inline(__always)
  @_lifetime(immortal)
  static func decode(
    payload: UnsafeRawPointer, bytes: Int, isRedelivery: Bool, peer: PeerID
  ) throws(ChannelError) -> Message<Body> {
    let stride = MemoryLayout<Body.Element>.stride
    guard bytes >= Body.prefixBytes else { throw .corrupt(.length) }
    let (count, rest) = (bytes &- Body.prefixBytes).quotientAndRemainder(dividingBy: stride)
    guard rest == 0, !Body.isFixedSize || count == 1 else { throw .corrupt(.length) }
    guard Body.prefixBytes == 8 else {
      return unsafe Message(
        payload: payload, count: count, shape: 0, isRedelivery: isRedelivery, peer: peer)
    }
    // Read once: the sender could change it between the check and the use.
    let shape = unsafe UInt64(
      littleEndian: payload.assumingMemoryBound(to: Atomic<UInt64>.self).pointee
        .load(ordering: .relaxed))
    guard (shape & 0xffff_ffff).multipliedFullWidth(by: shape >> 32) == (0, UInt64(count)) else {
      throw .corrupt(.shape)
    }
    return unsafe Message(
      payload: payload, count: count, shape: shape, isRedelivery: isRedelivery, peer: peer)
  }
}
