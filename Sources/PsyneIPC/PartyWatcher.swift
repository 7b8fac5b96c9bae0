internal import CPsyne
internal import Glibc
internal import PsyneCore
internal import Synchronization

/// Has sleepers look after their peers when a party of their segment may have died, and only then.
///
/// A party is alive while it holds its locks, and the kernel drops them when it closes the party's
/// file: at the party's death, when it runs another program, when the last child ends that had
/// inherited the file; in whatever container. Each closing of a file that was open for writing is
/// reported by inotify. So one thread a process, started by the first end that sleeps for long, waits
/// for reports on the segments that its sleepers use.
///
/// A process handle (pidfd) would not do: it says nothing when a party runs another program or leaves
/// its locks to a child, and needs a process id, which means another process in another container.
///
/// - Note: The system limits the inotify instances of a user (`fs.inotify.max_user_instances`, often
///   128). A process that gets none has its sleepers look for themselves, twenty times a second.
final class PartyWatcher: Sendable {
  /// Nil where the system gives us no inotify instance or no thread.
  private static let ofProcess = PartyWatcher()

  private let descriptor: Int32
  private let process = ThisProcess.identifier
  private let state = Mutex(State())

  private struct State {
    var notices: [Int: (watched: Int32, notice: @Sendable () -> Void)] = [:]
    /// How many notices there are for each watched file: inotify counts a file once.
    var uses: [Int32: Int] = [:]
    var nextNumber = 0
  }

  private init?() {
    descriptor = cpsyne_inotify()
    guard descriptor >= 0 else { return nil }
    guard start() else {
      cpsyne_close(descriptor, cpsyne_fork_generation())
      return nil
    }
  }

  /// Calls `notice` after each closing of the file that `descriptor` has open, until the watch is
  /// dropped. Nil where that is not possible.
  static func watch(
    _ descriptor: Int32, _ notice: @escaping @Sendable () -> Void
  ) -> PartyWatch? {
    // A child made by `fork` has not inherited the thread.
    guard let watcher = ofProcess, watcher.process == ThisProcess.identifier else { return nil }
    return watcher.add(descriptor, notice)
  }

  private func add(_ file: Int32, _ notice: @escaping @Sendable () -> Void) -> PartyWatch? {
    state.withLock { state in
      // By way of /proc, because the name may be another file's by now. ENOSPC (too many watches)
      // and ENOENT (no /proc) can occur.
      let watched = unsafe inotify_add_watch(
        descriptor, "/proc/self/fd/\(file)", UInt32(IN_CLOSE_WRITE))
      guard watched >= 0 else { return nil }
      let number = state.nextNumber
      state.nextNumber += 1
      state.uses[watched, default: 0] += 1
      state.notices[number] = (watched, notice)
      return PartyWatch { [self] in remove(number) }
    }
  }

  private func remove(_ number: Int) {
    // In a child, the number is none of ours, and the state may have been left locked.
    guard process == ThisProcess.identifier else { return }
    state.withLock { state in
      guard let watched = state.notices.removeValue(forKey: number)?.watched,
        let uses = state.uses[watched]
      else { return }
      state.uses[watched] = uses > 1 ? uses - 1 : nil
      if uses == 1 { inotify_rm_watch(descriptor, watched) }
    }
  }
}

// MARK: The thread

extension PartyWatcher {
  private func start() -> Bool {
    // The program's signals are not for this thread.
    var all = sigset_t()
    var before = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(self).toOpaque()
    let failure = unsafe pthread_create(&thread, nil, runPartyWatcher, context)
    guard failure == 0 else {
      unsafe Unmanaged<PartyWatcher>.fromOpaque(context).release()
      return false
    }
    pthread_detach(thread)
    return true
  }

  fileprivate func run() -> Never {
    var report = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    var buffer = [UInt8](repeating: 0, count: 4096)
    var delay: Int32 = -1
    while true {
      if unsafe poll(&report, 1, delay) > 0 {
        // What it says is of no interest: all are asked to look, which is cheap and rare. An overflow
        // of the queue is a report as well.
        unsafe _ = read(descriptor, &buffer, buffer.count)
        // The kernel reports just before it drops the locks: look again shortly, and later in case
        // the dying process was kept from running in between.
        delay = 1
      } else {
        delay = delay < 2048 ? 2 * delay : -1
      }
      let notices = state.withLock { $0.notices.values.map(\.notice) }
      if notices.isEmpty { delay = -1 }
      for notice in notices { notice() }
    }
  }
}

private func runPartyWatcher(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let context = unsafe context else { return nil }
  unsafe Unmanaged<PartyWatcher>.fromOpaque(context).takeRetainedValue().run()
}
