internal import CPsyne
internal import Glibc

extension LanePlacement {
  func bind(
    _ data: UnsafeMutableRawPointer, _ capacity: Int, to node: Int
  ) throws(TransportError) {
    let nodes = MemoryNodes.all
    guard nodes.contains(node) else {
      throw TransportError(
        .invalidOption,
        "numa: there is no memory node \(node) for \(channel); this machine has "
          + nodes.map(String.init).joined(separator: ", "))
    }
    // A kernel that knows no nodes has its memory where it is wanted.
    guard MemoryNodes.areKnown else { return }
    // For pages to come first. Then they come, and those that were there already are moved: they are
    // only where one mapping has them, so the other copy has to wait.
    guard unsafe cpsyne_bind_memory(data, capacity, UInt32(node), false) == 0,
      unsafe madvise(data, capacity, cpsyne_madvise_populate_write()) == 0,
      unsafe cpsyne_bind_memory(data, capacity, UInt32(node), true) == 0
    else { throw refused(errno, node) }
  }

  private func refused(_ number: Int32, _ node: Int) -> TransportError {
    let advice =
      switch number {
      case EIO: "its memory is on another node, and in use: close it everywhere and open it again"
      case EPERM, ENOSYS: "the system forbids it here: in a container, allow mbind (CAP_SYS_NICE)"
      case ENOMEM: "the node has no memory left"
      default: "this process may not use the node: see its cpuset"
      }
    return TransportError(
      .system,
      "numa: \(channel) cannot be put on memory node \(node) (\(Errno.text(number))): \(advice)",
      errno: number)
  }
}
