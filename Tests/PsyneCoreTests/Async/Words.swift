import CPsyne
import Glibc
import PsyneCore
import Synchronization

/// Futex words in a file that is mapped twice, as two processes map it: one view waits, the other
/// wakes. All begin as 1, which says that somebody sleeps.
@safe
final class Words: @unchecked Sendable {
  // Unchecked: constant pointers to atomics.
  let count: Int
  private let waiting: UnsafeMutablePointer<Atomic<UInt32>>
  private let waking: UnsafeMutablePointer<Atomic<UInt32>>
  private let isShared: Bool

  /// - Parameter isShared: in a file that is mapped twice; else private memory, seen once.
  init(_ count: Int = 1, isShared: Bool = true) throws {
    self.count = count
    self.isShared = isShared
    let bytes = count * 4
    let descriptor = unsafe isShared ? cpsyne_memfd_create("psyne-words") : -1
    defer { if isShared { close(descriptor) } }
    guard !isShared || ftruncate(descriptor, bytes) == 0 else { throw NoMemory() }
    func map() throws -> UnsafeMutablePointer<Atomic<UInt32>> {
      let flags = isShared ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS
      let memory = unsafe mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, descriptor, 0)
      guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { throw NoMemory() }
      return unsafe memory.assumingMemoryBound(to: Atomic<UInt32>.self)
    }
    unsafe waiting = try map()
    unsafe waking = isShared ? try map() : waiting
    for index in 0..<count { reset(index) }
  }

  deinit {
    unsafe munmap(waiting, count * 4)
    if isShared { unsafe munmap(waking, count * 4) }
  }

  private struct NoMemory: Error {}

  /// The first word.
  var address: UnsafeMutablePointer<Atomic<UInt32>> { unsafe waiting }

  subscript(_ index: Int) -> UInt32 { unsafe waiting[index].load(ordering: .acquiring) }

  func reset(_ index: Int = 0) { unsafe waiting[index].store(1, ordering: .releasing) }

  /// Wakes as a channel does. True if the kernel had somebody to wake.
  @discardableResult
  func wake(_ index: Int = 0) -> Bool {
    unsafe waking[index].store(0, ordering: .releasing)
    return unsafe cpsyne_futex_wake(waking + index, 1) > 0
  }

  /// Waits as a channel does, but once.
  func wait(
    _ reactor: Reactor, _ index: Int = 0, expecting: UInt32 = 1, until deadline: Int64 = .max
  ) async -> WaitOutcome {
    unsafe await reactor.wait(on: waiting + index, expecting: expecting, until: deadline)
  }
}

extension ReactorTier {
  /// One reactor a tier, for all tests.
  var reactor: Reactor {
    switch self {
    case .uring: Self.uringReactor
    case .waitv: Self.waitvReactor
    case .nap: Self.napReactor
    }
  }

  private static let uringReactor = Reactor(.uring)
  private static let waitvReactor = Reactor(.waitv)
  private static let napReactor = Reactor(.nap)
}

extension Reactor {
  /// What it says of itself on its own thread.
  func report() async throws -> (tier: ReactorTier, waits: Int) {
    let task = Task(executorPreference: self) { self.status }
    guard let status = await task.value else { throw WrongThread() }
    return status
  }

  struct WrongThread: Error {}

  /// Waits until it has `count` waits.
  func has(_ count: Int) async throws {
    let giveUp = ContinuousClock.now + .seconds(60)
    while try await report().waits != count {
      guard ContinuousClock.now < giveUp else { throw NeverCame() }
      await Task.yield()
    }
  }

  struct NeverCame: Error {}
}
