internal import CPsyne
internal import Synchronization

/// The fence of the parking protocol, paid by the side that goes to sleep.
///
/// The awake side publishes a position and then reads the sleeper's flag; the sleeper sets its flag
/// and then reads the position. Each needs its store before its load. `membarrier` makes every
/// running thread of the registered processes execute the barrier on the sleeper's behalf, so the
/// awake side gets by with none.
public enum AsymmetricFence {
  /// Whether this process is a target of other processes' barriers. Where it is not (an old kernel,
  /// a seccomp filter), its awake sides fence for themselves after each publication.
  public static let isRegistered: Bool = cpsyne_membarrier_register()

  /// The sleeper's side. False where the kernel has no barrier for us: then a peer's unfenced store
  /// may be missed, and the sleep must be short.
  static func heavy() -> Bool {
    if isRegistered && cpsyne_membarrier() { return true }
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    return false
  }
}
