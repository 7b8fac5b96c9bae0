internal import Glibc
internal import Synchronization

/// A thread with a result: tests that wait for each other must not share the few threads of tasks.
public final class BackgroundThread<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)

  public init(_ body: @escaping @Sendable () throws -> Value) {
    let work = Work { [self] in
      let value = Result { try body() }
      result.withLock { $0 = value }
    }
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(work).toOpaque()
    let failure = unsafe pthread_create(&thread, nil, runWork, context)
    precondition(failure == 0, "no thread")
    pthread_detach(thread)
  }

  public var hasEnded: Bool { result.withLock { $0 != nil } }

  /// Waits for the end and returns the result.
  public func join(_ what: String = "a thread ends") throws -> Value {
    try eventually(what) { hasEnded }
    guard let result = result.withLock({ $0 }) else { throw TimedOut(what) }
    return try result.get()
  }
}

private final class Work: Sendable {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

private func runWork(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let context = unsafe context else { return nil }
  unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
  return nil
}
