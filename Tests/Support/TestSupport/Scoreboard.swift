internal import Glibc
internal import Synchronization

/// Counters that processes share, to tell afterwards how far a killed one had come.
@safe
public final class Scoreboard: @unchecked Sendable {
  // Unchecked: a constant pointer to atomics.
  private let base: UnsafeMutableRawPointer
  private static let wordCount = 16
  /// A counter on each pair of cache lines.
  private static let stride = 128

  /// Maps the file at `path`, creating it where there is none.
  public init(path: String) throws {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw SystemCallError("open \(path)") }
    defer { close(descriptor) }
    let bytes = Self.wordCount * Self.stride
    guard ftruncate(descriptor, bytes) == 0 else { throw SystemCallError("ftruncate \(path)") }
    let mapped = unsafe mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
      throw SystemCallError("mmap \(path)")
    }
    unsafe base = mapped
  }

  deinit { unsafe munmap(base, Self.wordCount * Self.stride) }

  public enum Counter: Int {
    case sent, received, round, ready, arrived, stop, operations, errors, holder, began
  }

  private func word(_ counter: Counter) -> UnsafeMutablePointer<Atomic<Int>> {
    unsafe (base + counter.rawValue * Self.stride).assumingMemoryBound(to: Atomic<Int>.self)
  }

  public subscript(_ counter: Counter) -> Int {
    get { unsafe word(counter).pointee.load(ordering: .acquiring) }
    set { unsafe word(counter).pointee.store(newValue, ordering: .releasing) }
  }

  public func set(_ counter: Counter, _ value: Int) {
    unsafe word(counter).pointee.store(value, ordering: .releasing)
  }

  /// Adds and returns the sum.
  @discardableResult
  public func add(_ counter: Counter, _ value: Int = 1) -> Int {
    unsafe word(counter).pointee.wrappingAdd(value, ordering: .sequentiallyConsistent).newValue
  }
}
