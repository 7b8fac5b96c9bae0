/// Room for one message in the lane itself: fill it, then ``send()``.
///
/// A loan holds its sender: there is one at a time, it cannot outlive the sender, and using it after
/// sending it does not compile. Dropping it sends nothing and costs nothing. What you do not write
/// keeps the bytes of an earlier message.
@frozen @safe
public struct Loan<Body: MessageBody>: ~Copyable, ~Escapable {
  @usableFromInline let writer: LaneWriter
  @usableFromInline let payload: UnsafeMutableRawPointer
  @usableFromInline let headerBytes: Int
  /// Elements reserved.
  public let count: Int
  /// Rows and columns of a matrix, else 0.
  @usableFromInline let shape: UInt64
  /// Where the frame begins.
  @usableFromInline let position: Int

  @inlinable @inline(__always)
  @_lifetime(immortal)
  init(writer: LaneWriter, position: Int, headerBytes: Int, count: Int, shape: UInt64) {
    self.writer = writer
    self.position = position
    self.headerBytes = headerBytes
    self.count = count
    self.shape = shape
    unsafe payload = writer.lane.bytes(at: position) + headerBytes
  }

  @inlinable @inline(__always)
  deinit { correct(end: position, unsent: messages) }

  /// How many messages to count for it: none where that follows from the position.
  @inlinable @inline(__always)
  var messages: Int { headerBytes == 0 ? 0 : 1 }

  /// Tells the sender what was not used of the reservation.
  @inlinable @inline(__always)
  func correct(end: Int, unsent: Int) {
    unsafe writer.correction.pointee.tail = end
    unsafe writer.correction.pointee.messages = unsent
  }

  @inlinable @inline(__always)
  var start: UnsafeMutablePointer<Body.Element> {
    unsafe (payload + Body.prefixBytes).assumingMemoryBound(to: Body.Element.self)
  }

  /// The elements, to be written in place.
  @inlinable
  public var elements: MutableSpan<Body.Element> {
    @inline(__always) @_lifetime(&self)
    mutating get {
      let span = unsafe UnsafeMutableBufferPointer(start: start, count: count).mutableSpan
      return unsafe _overrideLifetime(span, mutating: &self)
    }
  }

  /// One element. Traps outside `0..<count`.
  @inlinable
  public subscript(_ index: Int) -> Body.Element {
    @inline(__always) get {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "index beyond the loan")
      return unsafe start[index]
    }
    @inline(__always) set {
      precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "index beyond the loan")
      unsafe start[index] = newValue
    }
  }

  /// Publishes the message, and with it all that was staged before it. O(1), no system call unless
  /// the receiver sleeps.
  @inlinable @inline(__always)
  public consuming func send() {
    writeHeader(count: count)
    writer.publish(
      upTo: writer.tail, messages: writer.messages, counts: headerBytes > 0)
    discard self
  }

  /// Completes the message without publishing it: the next ``send()``, ``Sender/publish()``, wait
  /// for room, or close does that. A batch of small messages then costs one publication.
  @inlinable @inline(__always)
  public consuming func stage() {
    writeHeader(count: count)
    discard self
  }

  /// Writes what stands before the elements, and returns the end of the frame.
  @inlinable @inline(__always) @discardableResult
  func writeHeader(count: Int) -> Int {
    let bytes = Body.prefixBytes &+ count &* MemoryLayout<Body.Element>.stride
    if Body.prefixBytes == 8 { unsafe payload.storeBytes(of: shape.littleEndian, as: UInt64.self) }
    guard headerBytes > 0 else { return position &+ bytes }
    let header = UInt64(UInt32(truncatingIfNeeded: bytes)) | UInt64(Body.messageType.rawValue) << 32
    unsafe (payload - headerBytes).storeBytes(of: header.littleEndian, as: UInt64.self)
    return position &+ (headerBytes &+ bytes &+ headerBytes &- 1) & ~(headerBytes &- 1)
  }
}

extension Loan {
  /// Copies `source` to the front of the message. Traps if it is longer than the loan.
  @inlinable
  public mutating func fill(from source: Span<Body.Element>) {
    precondition(source.count <= count, "more elements than were reserved")
    unsafe source.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      unsafe start.update(from: base, count: buffer.count)
    }
  }
}

extension Loan where Body: ResizableBody {
  /// Publishes the first `count` elements; the rest of the reservation costs nothing.
  ///
  /// - Precondition: `count` is at most ``count``.
  @inlinable @inline(__always)
  public consuming func send(count: Int) {
    let end = writeHeader(count: shortened(to: count))
    correct(end: end, unsent: 0)
    writer.publish(upTo: end, messages: writer.messages, counts: headerBytes > 0)
    discard self
  }
}

extension Loan where Body: FixedSizeMessage {
  /// Publishes the first `count` messages of a batch; the rest of the reservation costs nothing.
  ///
  /// - Precondition: `count` is at most ``count``, and the loan is of a batch.
  @inlinable @inline(__always)
  public consuming func send(count: Int) {
    precondition(headerBytes == 0, "a message of a mixed channel is sent whole")
    let end = writeHeader(count: shortened(to: count))
    correct(end: end, unsent: 0)
    writer.publish(upTo: end, messages: writer.messages, counts: false)
    discard self
  }
}

extension Loan {
  @inlinable @inline(__always)
  func shortened(to count: Int) -> Int {
    precondition(count >= 0 && count <= self.count, "more elements than were reserved")
    return count
  }
}

extension Loan where Body: FixedSizeMessage {
  /// The message.
  @inlinable
  public var value: Body {
    @inline(__always) get { unsafe start.pointee }
    // A coroutine that yields it does not compile under the thread sanitizer.
    @inline(__always) set { unsafe start.pointee = newValue }
  }
}

extension Loan where Body: ShapedBody {
  @inlinable
  public var rows: Int { Int(shape & 0xffff_ffff) }

  @inlinable
  public var columns: Int { Int(shape >> 32) }

  /// One scalar. Traps outside the shape.
  @inlinable
  public subscript(_ row: Int, _ column: Int) -> Body.Element {
    @inline(__always) get { unsafe start[index(row, column)] }
    @inline(__always) set { unsafe start[index(row, column)] = newValue }
  }

  /// Traps on rows and columns of 4 Gi and more, and on fewer than none.
  @inlinable @inline(__always)
  static func shape(rows: Int, columns: Int) -> UInt64 {
    UInt64(UInt32(rows)) | UInt64(UInt32(columns)) << 32
  }

  @inlinable @inline(__always)
  func index(_ row: Int, _ column: Int) -> Int {
    precondition(
      UInt(bitPattern: row) < UInt(bitPattern: rows)
        && UInt(bitPattern: column) < UInt(bitPattern: columns), "index beyond the matrix")
    return row &* columns &+ column
  }
}
