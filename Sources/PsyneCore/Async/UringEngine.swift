internal import CPsyne
internal import Glibc

/// Waits by io_uring.
///
/// The kernel reads a word once, when it takes the request, and enqueues the wait under a key: file
/// and offset for shared mappings, address space and address for private memory. From then on it
/// touches neither the word nor the mapping, so that memory which is unmapped under a wait does no
/// harm to anybody: the wait is merely not woken. And no request outlives its wait, because a wait
/// ends by the completion of its request, also when it is cancelled: nothing is left in the kernel
/// that could take a wake-up from the word's next waiter.
@safe
final class UringEngine: WaitEngine {
  private static let bellTag: UInt64 = 1
  private static let entries: UInt32 = 256

  private let ring: OpaquePointer
  private let bell: Bell
  /// Whether the kernel has a wait for the bell. It stays there until the bell is rung.
  private var isBellArmed = false
  /// Completions, taken from the ring to make room.
  private var arrived: [(tag: UInt64, result: Int32)] = []
  private var taken = 0

  init?(_ bell: Bell) {
    guard let ring = unsafe cpsyne_uring_open(Self.entries) else { return nil }
    unsafe self.ring = ring
    self.bell = bell
  }

  deinit { unsafe cpsyne_uring_close(ring) }

  func begin(_ wait: Wait) {
    // Owned by the kernel, so to speak, until its completion.
    let tag = unsafe UInt64(UInt(bitPattern: Unmanaged.passRetained(wait).toOpaque()))
    queue { unsafe cpsyne_uring_wait(ring, wait.word, wait.expected, tag) }
  }

  func end(_ wait: Wait) {
    let tag = unsafe UInt64(UInt(bitPattern: Unmanaged.passUnretained(wait).toOpaque()))
    queue { unsafe cpsyne_uring_cancel(ring, tag) }
  }

  func released(_ wait: Wait) {}

  func poll() {
    if unsafe cpsyne_uring_has_work(ring) { enter(sleeping: false, until: 0) }
  }

  func park(until deadline: Int64) {
    if !isBellArmed {
      queue { unsafe cpsyne_uring_wait(ring, bell.word, 1, Self.bellTag) }
      isBellArmed = true
    }
    enter(sleeping: arrived.isEmpty, until: deadline)
  }

  func next() -> (wait: Wait, wasWoken: Bool)? {
    while true {
      if taken == arrived.count {
        arrived.removeAll(keepingCapacity: true)
        taken = 0
        collect()
        if arrived.isEmpty { return nil }
      }
      let (tag, result) = arrived[taken]
      taken += 1
      if tag == Self.bellTag {
        isBellArmed = false
        continue
      }
      guard let object = unsafe UnsafeRawPointer(bitPattern: UInt(tag)) else { continue }
      // The count of `begin`, whose only completion this is.
      let wait = unsafe Unmanaged<Wait>.fromOpaque(object).takeRetainedValue()
      // Woken: 0; EAGAIN, and errors of the word or of memory, which looking again brings to light.
      return (wait, result != -ECANCELED)
    }
  }

  private func collect() {
    var tag: UInt64 = 0
    var result: Int32 = 0
    while unsafe cpsyne_uring_next(ring, &tag, &result) { arrived.append((tag, result)) }
  }

  private func queue(_ request: () -> Bool) {
    while !request() { enter(sleeping: false, until: 0) }
  }

  private func enter(sleeping: Bool, until deadline: Int64) {
    let error = unsafe cpsyne_uring_enter(ring, sleeping, deadline)
    switch error {
    case 0, EINTR, ETIME: break
    // The kernel is short of memory or of room for completions: make some, and come again.
    case EAGAIN, EBUSY, ENOMEM:
      collect()
      sched_yield()
    default: fatalError("io_uring_enter failed with error \(error)")
    }
  }
}
