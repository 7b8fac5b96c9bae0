internal import CBench
internal import Glibc

/// A program that runs, and what it prints. It is killed if it still runs when this goes.
@safe
final class ChildProcess {
  private let identifier: Int32
  private let output: Int32
  private let deadline: UInt64
  private var text: [UInt8] = []
  private var hasEnded = false
  private var status: Int32?

  init(_ arguments: [String], seconds: UInt64) throws(Failure) {
    var strings = unsafe arguments.map { unsafe strdup($0) } + [nil]
    defer { unsafe strings.forEach { unsafe free($0) } }
    var output: Int32 = -1
    identifier = unsafe cbench_spawn(&strings, &output)
    guard identifier > 0 else { throw Failure("cannot start \(arguments[0])") }
    self.output = output
    deadline = cbench_now() + seconds * 1_000_000_000
  }

  deinit {
    close(output)
    if status == nil {
      kill(identifier, SIGKILL)
      waitpid(identifier, nil, 0)
    }
  }

  /// Waits until it says that it can be connected to.
  func awaitReady() throws(Failure) {
    while !printed.contains("ready\n") {
      guard !hasEnded else { throw Failure("it ended too early: \(printed)") }
      try read()
    }
  }

  /// Waits until it has printed something.
  func await(_ awaited: String, seconds: UInt64) throws(Failure) {
    let deadline = cbench_now() + seconds * 1_000_000_000
    while !printed.contains(awaited) {
      guard !hasEnded, cbench_await(output, deadline) else {
        throw Failure("\(hasEnded ? "it ended" : "it hangs"): \(printed)")
      }
      try read()
    }
  }

  /// Asks it to end.
  func terminate() { kill(identifier, SIGTERM) }

  /// Waits for its end, and returns all that it has printed.
  func finish() throws(Failure) -> String {
    while !hasEnded { try read() }
    var status: Int32 = 0
    unsafe waitpid(identifier, &status, 0)
    self.status = status
    guard status == 0 else { throw Failure("it failed (status \(status)): \(printed)") }
    return printed
  }

  private var printed: String { String(decoding: text, as: UTF8.self) }

  private func read() throws(Failure) {
    guard cbench_await(output, deadline) else { throw Failure("it did not end in time") }
    var part = [UInt8](repeating: 0, count: 4096)
    let count = unsafe Glibc.read(output, &part, part.count)
    hasEnded = count <= 0
    text += part.prefix(max(0, count))
  }
}

struct Failure: Error, CustomStringConvertible {
  /// In one line.
  let reason: String
  /// Who failed at what, where that is known.
  let context: String?

  init(_ reason: String, context: String? = nil) {
    self.reason = reason.split(whereSeparator: \.isNewline).joined(separator: "; ")
    self.context = context
  }

  var description: String { context.map { "\($0): \(reason)" } ?? reason }
}
