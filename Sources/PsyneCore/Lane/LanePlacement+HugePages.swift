internal import CPsyne
internal import Glibc

extension ChannelMapping {
  /// Bytes of a huge page. Where it is another size, the system says no to huge pages.
  public static let hugePageBytes = 2 << 20
}

extension LanePlacement {
  func makeHuge(
    _ data: UnsafeMutableRawPointer, _ capacity: Int, _ dataOffset: Int
  ) throws(TransportError) {
    let page = ChannelMapping.hugePageBytes
    guard capacity >= page else {
      throw TransportError(
        .invalidOption,
        "hugepages: \(channel) has a capacity of \(ByteCount.bytes(capacity)), which is less than a huge page: "
          + "ask for a capacity of at least \(ByteCount.bytes(page))")
    }
    guard dataOffset % page == 0 else { throw madeWithout }
    // For each copy by itself, as each has page tables of its own.
    for copy in 0..<2 {
      let start = unsafe data + copy * capacity
      // Where the system gives huge pages to who asks, the pages are huge from the start; everywhere
      // else they are made from small ones that are there, and that is how we learn whether they are.
      guard unsafe madvise(start, capacity, MADV_HUGEPAGE) == 0,
        unsafe madvise(start, capacity, cpsyne_madvise_populate_write()) == 0,
        unsafe madvise(start, capacity, cpsyne_madvise_collapse()) == 0
      else { throw refused(errno) }
    }
  }

  private func refused(_ number: Int32) -> TransportError {
    let advice =
      switch number {
      case ENOMEM, EAGAIN, EBUSY:
        "there is no memory in pieces of that size: free some, or echo 1 > /proc/sys/vm/compact_memory"
      default:
        "the system refuses them: echo advise > /sys/kernel/mm/transparent_hugepage/shmem_enabled (Linux 6.1 or later)"
      }
    return TransportError(
      .system, "hugepages: \(channel) cannot have huge pages (\(Errno.text(number))): \(advice)",
      errno: number)
  }
}
