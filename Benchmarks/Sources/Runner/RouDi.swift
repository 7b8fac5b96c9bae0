internal import Glibc

/// iceoryx's daemon, without which its endpoints cannot run.
final class RouDi {
  private let process: ChildProcess

  /// Where it is installed.
  private static var program: String? {
    let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/usr/bin"
    return path.split(separator: ":").map { "\($0)/iox-roudi" }
      .first { unsafe access($0, X_OK) == 0 }
  }

  /// - Throws: where it is not installed, or does not start: another one may be running.
  init(configuration: String) throws(Failure) {
    guard let program = Self.program else { throw Failure("iox-roudi is not installed") }
    // No monitoring: where an endpoint's threads share its CPU, one that spins would seem dead.
    process = try ChildProcess(
      [program, "-c", configuration, "-m", "off", "-l", "off"], seconds: 86_400)
    try process.await("RouDi is ready", seconds: 10)
  }

  /// Ends it in an orderly way, in which it removes its files.
  func stop() {
    process.terminate()
    _ = try? process.finish()
  }
}

/// Starts it when it is first needed, and once only.
final class LazyRouDi {
  private let configuration: String?
  private var daemon: RouDi?
  private var reason: String?

  init(configuration: String?) { self.configuration = configuration }

  /// Returns why there is none.
  func start() -> String? {
    if daemon == nil && reason == nil {
      do throws(Failure) {
        guard let configuration else { throw Failure("no configuration for iox-roudi was given") }
        daemon = try RouDi(configuration: configuration)
      } catch {
        reason = error.reason
      }
    }
    return reason
  }

  func stop() { daemon?.stop() }
}
