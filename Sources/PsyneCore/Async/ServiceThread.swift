internal import CPsyne
internal import Glibc

/// Starts a thread of the library's own. False where the system gives us none.
package func startServiceThread(_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
  // The program's signals are not for this thread; it inherits the mask.
  var all = sigset_t()
  var before = sigset_t()
  unsafe sigfillset(&all)
  unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
  defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
  var thread = pthread_t()
  let context = unsafe Unmanaged.passRetained(ServiceThread(name, body)).toOpaque()
  let failure = unsafe pthread_create(&thread, nil, runServiceThread, context)
  guard failure == 0 else {
    unsafe Unmanaged<ServiceThread>.fromOpaque(context).release()
    return false
  }
  pthread_detach(thread)
  return true
}

private final class ServiceThread: Sendable {
  let name: String
  let body: @Sendable () -> Void

  init(_ name: String, _ body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }
}

private func runServiceThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let context = unsafe context else { return nil }
  let thread = unsafe Unmanaged<ServiceThread>.fromOpaque(context).takeRetainedValue()
  unsafe cpsyne_name_thread(thread.name)
  thread.body()
  return nil
}
