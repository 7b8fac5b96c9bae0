internal import CPsyne
internal import Glibc
internal import Synchronization

/// Maps one lane of a file and unmaps it when it goes.
@safe
public final class LaneMapping: @unchecked Sendable {
  // Unchecked: the pointers are constants.
  public let memory: LaneMemory
  private let header: UnsafeMutableRawPointer
  private let data: UnsafeMutableRawPointer
  /// Where the lane's own header is mapped once the rest has become private, as an address.
  private let sharedHeader = Mutex<UInt?>(nil)

  /// - Parameters:
  ///   - descriptor: of a file that has all the bytes; it may be closed afterwards.
  ///   - headerOffset, dataOffset: of the lane's header and data in the file, page aligned.
  ///   - capacity: a power of two of at least a page.
  ///   - placement: what memory the data is to lie in.
  /// - Throws: ``TransportError/Code/system`` where the address space does not suffice, or the
  ///   placement cannot be had.
  public init(
    descriptor: Int32, headerOffset: Int, dataOffset: Int, capacity: Int,
    placement: LanePlacement = LanePlacement()
  ) throws(TransportError) {
    precondition(
      capacity >= LaneLayout.minimumCapacity && capacity & (capacity - 1) == 0,
      "a lane's capacity is a power of two")
    unsafe header = try Self.map(
      nil, LaneLayout.headerBytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, headerOffset)
    do {
      // Room for two copies first, so that nothing else can come to lie between them.
      unsafe data = try Self.reserve(2 * capacity, aligned: placement.alignment(capacity))
    } catch {
      unsafe munmap(header, LaneLayout.headerBytes)
      throw error
    }
    unsafe memory = LaneMemory(header: header, data: data, capacity: capacity)
    for copy in 0..<2 {
      _ = try unsafe Self.map(
        data + copy * capacity, capacity, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
        descriptor, dataOffset)
    }
    try unsafe placement.apply(to: data, capacity: capacity, dataOffset: dataOffset)
  }

  deinit {
    unsafe munmap(header, LaneLayout.headerBytes)
    unsafe munmap(data, 2 * memory.capacity)
    if let address = sharedHeader.withLock({ $0 }) {
      unsafe munmap(UnsafeMutableRawPointer(bitPattern: address), LaneLayout.headerBytes)
    }
  }

  /// Puts a private copy in the place of ``memory``, from which nothing reaches another party any more:
  /// for a process that leaves while its other threads may still be using the ends.
  ///
  /// - Parameters: as of ``init(descriptor:headerOffset:dataOffset:capacity:)``.
  /// - Returns: the lane with its own header, mapped anew; nil, and nothing has changed, where there
  ///   is no memory for that, or if it was done before.
  public func makePrivate(
    descriptor: Int32, headerOffset: Int, dataOffset: Int
  ) -> LaneMemory? {
    sharedHeader.withLock { sharedHeader in
      guard sharedHeader == nil,
        let shared = unsafe try? Self.map(
          nil, LaneLayout.headerBytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, headerOffset)
      else { return nil }
      // The header first: then nothing more is published.
      guard
        unsafe Self.makePrivate(header, LaneLayout.headerBytes, descriptor, headerOffset)
      else {
        unsafe munmap(shared, LaneLayout.headerBytes)
        return nil
      }
      for copy in 0..<2 {
        _ = unsafe Self.makePrivate(
          data + copy * memory.capacity, memory.capacity, descriptor, dataOffset)
      }
      sharedHeader = UInt(bitPattern: shared)
      return unsafe LaneMemory(header: shared, data: data, capacity: memory.capacity)
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
  /// page holds few messages. Of a lane past the caches, only the beginning.
  public func prefault() {
    let bytes = min(memory.capacity, 64 << 20)
    for copy in 0..<2 {
      // EINVAL before Linux 5.14: then the pages are faulted in as they are used.
      _ = unsafe madvise(data + copy * memory.capacity, bytes, cpsyne_madvise_populate_write())
    }
  }

  /// Address space without memory behind it. `alignment` is a power of two of at least a page.
  private static func reserve(
    _ bytes: Int, aligned alignment: Int
  ) throws(TransportError) -> UnsafeMutableRawPointer {
    let slack = alignment - LaneLayout.minimumCapacity
    let space = unsafe try map(
      nil, bytes + slack, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard slack > 0 else { return unsafe space }
    let start = unsafe space.alignedUp(toMultipleOf: alignment)
    let before = unsafe start - space
    if before > 0 { unsafe munmap(space, before) }
    if before < slack { unsafe munmap(start + bytes, slack - before) }
    return unsafe start
  }

  /// EBADF and EINVAL cannot occur; ENOMEM and EPERM (a sealed file) can.
  private static func map(
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
