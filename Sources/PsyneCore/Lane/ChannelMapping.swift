internal import CPsyne
internal import Glibc
internal import Synchronization

/// Maps the lanes of a channel from a file, and unmaps them when it goes.
@safe
public final class ChannelMapping: @unchecked Sendable {
  // Unchecked: the pointers are constants.
  public let shape: ChannelShape
  let lanes: [LaneMemory]
  /// The channel's header, for the lanes to point at.
  private let hub: UnsafeMutablePointer<ChannelMemory>
  private let headers: UnsafeMutableRawPointer
  private let data: UnsafeMutableRawPointer
  private let place: Place
  private let placement: LanePlacement
  /// Told of what happens on the channel.
  let bell: LaneBell?
  /// Where the headers are mapped once the rest has become private, as addresses.
  private let sharedHeaders = Mutex<(headers: UInt, hub: UInt)?>(nil)

  /// Where a channel lies in a file.
  public struct Place: Sendable {
    public let headers: Int
    public let data: Int

    /// - Parameters:
    ///   - headers: offset of the ``ChannelLayout``, which the headers of the lanes follow.
    ///   - data: offset of the first lane's data, which that of the others follows.
    /// - Precondition: both are page aligned.
    public init(headers: Int, data: Int) {
      self.headers = headers
      self.data = data
    }
  }

  /// - Parameters:
  ///   - descriptor: of a file that has all the bytes; it may be closed afterwards.
  ///   - place: where in the file.
  ///   - placement: what memory the data is to lie in.
  ///   - bell: is told of what happens on the channel.
  /// - Throws: ``TransportError/Code/system`` where the address space does not suffice, or the
  ///   placement cannot be had.
  public init(
    descriptor: Int32, place: Place, shape: ChannelShape,
    placement: LanePlacement = LanePlacement(), bell: LaneBell? = nil
  ) throws(TransportError) {
    let capacity = shape.capacity
    unsafe headers = try Self.map(
      nil, shape.headerBytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, place.headers)
    do {
      // Room for all copies first, so that nothing else can come to lie between them.
      unsafe data = try Self.reserve(
        2 * capacity * shape.lanes, aligned: placement.alignment(capacity))
    } catch {
      unsafe munmap(headers, shape.headerBytes)
      throw error
    }
    self.shape = shape
    self.place = place
    self.placement = placement
    self.bell = bell
    unsafe hub = Self.hub(headers, shape, bell)
    unsafe lanes = Self.lanes(headers, data, shape, hub)
    for copy in 0..<2 * shape.lanes {
      _ = try unsafe Self.map(
        data + copy * capacity, capacity, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
        descriptor, place.data + copy / 2 * capacity)
    }
    try arrange(0)
  }

  /// Puts the data of a lane, behind which there is memory, where it is to lie.
  func arrange(_ lane: Int) throws(TransportError) {
    try unsafe placement.apply(
      to: data + 2 * lane * shape.capacity, capacity: shape.capacity,
      dataOffset: place.data + lane * shape.capacity)
  }

  /// What the lanes of `headers` point at. The caller deallocates it.
  static func hub(
    _ headers: UnsafeMutableRawPointer, _ shape: ChannelShape, _ bell: LaneBell? = nil
  ) -> UnsafeMutablePointer<ChannelMemory> {
    let hub = UnsafeMutablePointer<ChannelMemory>.allocate(capacity: 1)
    unsafe hub.initialize(
      to: ChannelMemory(header: headers, consumers: shape.consumers, bell: bell))
    return unsafe hub
  }

  static func lanes(
    _ headers: UnsafeMutableRawPointer, _ data: UnsafeMutableRawPointer, _ shape: ChannelShape,
    _ hub: UnsafeMutablePointer<ChannelMemory>
  ) -> [LaneMemory] {
    (0..<shape.lanes).map { lane in
      unsafe LaneMemory(
        header: headers + ChannelLayout.headerBytes + lane * shape.laneHeaderBytes,
        data: data + 2 * lane * shape.capacity, capacity: shape.capacity, hub: hub)
    }
  }

  deinit {
    unsafe munmap(headers, shape.headerBytes)
    unsafe munmap(data, 2 * shape.capacity * shape.lanes)
    unsafe hub.deallocate()
    if let shared = sharedHeaders.withLock({ $0 }) {
      unsafe munmap(UnsafeMutableRawPointer(bitPattern: shared.headers), shape.headerBytes)
      unsafe UnsafeMutablePointer<ChannelMemory>(bitPattern: shared.hub)?.deallocate()
    }
  }

  /// Puts a private copy in the place of the lanes, from which nothing reaches another party any more:
  /// for a process that leaves while its other threads may still be using the ends.
  ///
  /// - Returns: the lanes with their own headers, mapped anew; nil, and nothing has changed, where
  ///   there is no memory for that, or if it was done before.
  public func makePrivate(descriptor: Int32) -> [LaneMemory]? {
    sharedHeaders.withLock { sharedHeaders in
      guard sharedHeaders == nil,
        let shared = unsafe try? Self.map(
          nil, shape.headerBytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, place.headers)
      else { return nil }
      // The headers first: then nothing more is published.
      guard
        unsafe Self.makePrivate(headers, shape.headerBytes, descriptor, place.headers)
      else {
        unsafe munmap(shared, shape.headerBytes)
        return nil
      }
      for copy in 0..<2 * shape.lanes {
        _ = unsafe Self.makePrivate(
          data + copy * shape.capacity, shape.capacity, descriptor,
          place.data + copy / 2 * shape.capacity)
      }
      let hub = unsafe Self.hub(shared, shape)
      sharedHeaders = (UInt(bitPattern: shared), UInt(bitPattern: hub))
      return unsafe Self.lanes(shared, data, shape, hub)
    }
  }

  /// Notes the party that holds an end, for ``party(of:)``: the number means what a transport wants.
  public func setParty(_ number: Int, of end: ChannelEnd) {
    unsafe party(end).pointee.store(UInt32(number), ordering: .relaxed)
  }

  /// What was noted last; 0 if nothing was. Anybody can have written it.
  public func party(of end: ChannelEnd) -> Int {
    Int(unsafe party(end).pointee.load(ordering: .relaxed))
  }

  private func party(_ end: ChannelEnd) -> UnsafeMutablePointer<Atomic<UInt32>> {
    switch end {
    case .sender(let lane): unsafe lanes[lane].word(LaneLayout.senderParty)
    case .receiver(let slot): unsafe hub.pointee.word(slot, ChannelLayout.party)
    }
  }

  /// Replaces one mapping in one step: a thread that is using it notices nothing.
  private static func makePrivate(
    _ place: UnsafeMutableRawPointer, _ bytes: Int, _ descriptor: Int32, _ offset: Int
  ) -> Bool {
    // Only what is written to from now on takes memory, and the process is about to end.
    let copy = unsafe try? map(
      nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, offset)
    guard let copy = unsafe copy else { return false }
    guard unsafe cpsyne_replace_mapping(place, copy, bytes) else {
      unsafe munmap(copy, bytes)
      return false
    }
    return true
  }

  /// Maps the pages now, so that the first messages do not wait for page faults: 2 µs each, and a
  /// page holds few messages. Of a lane past the caches, only the beginning. Of one that a network empties
  /// nothing: each of its system calls takes longer, and most of many connections' memory is never used.
  func prefault(_ lane: Int) {
    guard bell == nil else { return }
    let bytes = min(shape.capacity, 64 << 20)
    for copy in 2 * lane..<2 * lane + 2 {
      // EINVAL before Linux 5.14: then the pages are faulted in as they are used.
      _ = unsafe madvise(data + copy * shape.capacity, bytes, cpsyne_madvise_populate_write())
    }
  }

  /// Address space without memory behind it. `alignment` is a power of two of at least a page.
  private static func reserve(
    _ bytes: Int, aligned alignment: Int
  ) throws(TransportError) -> UnsafeMutableRawPointer {
    let slack = alignment - LaneLayout.minimumCapacity
    let space = unsafe try map(
      nil, bytes + slack, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard slack > 0 else { return unsafe space }
    let start = unsafe space.alignedUp(toMultipleOf: alignment)
    let before = unsafe start - space
    if before > 0 { unsafe munmap(space, before) }
    if before < slack { unsafe munmap(start + bytes, slack - before) }
    return unsafe start
  }

  /// EBADF and EINVAL cannot occur; ENOMEM and EPERM (a sealed file) can.
  static func map(
    _ address: UnsafeMutableRawPointer?, _ bytes: Int, _ protection: Int32, _ flags: Int32,
    _ descriptor: Int32, _ offset: Int
  ) throws(TransportError) -> UnsafeMutableRawPointer {
    let mapped = unsafe mmap(address, bytes, protection, flags, descriptor, offset)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
      let number = errno
      throw TransportError(
        .system, "cannot map \(bytes) bytes: \(Errno.text(number))", errno: number)
    }
    return unsafe mapped
  }
}
