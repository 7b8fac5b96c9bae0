internal import Glibc
internal import Subprocess

/// A pair of network devices in two network namespaces, and the kernel's token bucket (`tc tbf`) at both ends.
///
/// A process holds each namespace. Nothing has a name: whatever ends the demo, they go with it,
/// and with what it has sent or received by then.
struct NamespaceWire: Wire {
  let name = "two network namespaces, with tc tbf at both ends"
  let near: Child.Place
  let far: Child.Place
  let host = "10.0.0.2"

  /// Not on this machine, or not for this user.
  struct Impossible: Error {
    let reason: String
  }

  func reaching(
    _ address: String, _ body: (String) async throws -> Void
  ) async throws { try await body(address) }

  /// Runs `body` while it is there.
  ///
  /// - Throws: ``Impossible``, and what `body` throws.
  static func laid(_ rate: BitRate, _ body: (NamespaceWire) async throws -> Void) async throws {
    // Who is not root may make them in a user namespace. Root too, in many a container.
    var refusal = Impossible(reason: "")
    var isLaid = false
    for isUser in geteuid() == 0 ? [false, true] : [true] {
      let unshare = ["unshare"] + (isUser ? ["--user", "--map-root-user"] : []) + ["--net", "--"]
      do {
        return try await held(by: unshare) { holder in
          let user = ["--user", "--preserve-credentials"]
          let enter = { (holder: pid_t) in
            ["nsenter", "--target", "\(holder)"] + (isUser ? user : [])
          }
          let near = Child.Place(command: enter(holder) + ["--net", "--"])
          let inner = isUser ? enter(holder) + ["--"] : []
          try await held(by: inner + ["unshare", "--net", "--"]) { other in
            let far = Child.Place(command: enter(other) + ["--net", "--"])
            try await connect(near, far, other, rate)
            isLaid = true
            try await body(NamespaceWire(near: near, far: far))
          }
        }
      } catch let error as Impossible {
        // From then on it is a failure of what goes over it, which is not done again.
        guard !isLaid else { throw Failure(.failure, "the wire has broken: \(error.reason)") }
        refusal = error
      }
    }
    throw refusal
  }

  /// Runs `body` with the process id of a `command` that waits, and ends when we do.
  private static func held(
    by command: [String], _ body: (pid_t) async throws -> Void
  ) async throws {
    let outcome: Result<Void, any Error>
    do {
      // What `body` throws is no failure of the holder's, which ends when nothing comes any more.
      outcome = try await Subprocess.run(
        .name(command[0]),
        arguments: Arguments(command.dropFirst() + ["sh", "-c", "echo ready; exec cat"]),
        input: .inputWriter, output: .sequence, error: .combinedWithOutput
      ) { execution -> Result<Void, any Error> in
        do {
          var lines = execution.standardOutput.strings().makeAsyncIterator()
          let first = try await lines.next() ?? "\(command[0]) said nothing"
          guard first == "ready" else { throw Impossible(reason: first) }
          try await body(execution.processIdentifier.value)
          return .success(())
        } catch {
          return .failure(error)
        }
      }.closureResult
    } catch let error as CancellationError {
      throw error
    } catch {
      throw Impossible(reason: "\(error)")
    }
    try outcome.get()
  }

  /// Puts the devices there.
  private static func connect(
    _ near: Child.Place, _ far: Child.Place, _ holder: pid_t, _ rate: BitRate
  ) async throws {
    // What the bucket holds comes through at once, so it is small: what comes in four milliseconds, for kernels
    // that look no more often, and some packets at least.
    let burst = max(6000, rate.bytes(in: .milliseconds(4)))
    let queue = max(32_000, rate.bytes(in: .milliseconds(100)))
    let bucket =
      "root tbf rate \(rate.bitsPerSecond)bit burst \(burst) limit \(burst + queue)"
    try await run(
      "ip link add name psyne-near type veth peer name psyne-far netns \(holder)", at: near)
    for (place, device, address) in [
      (near, "psyne-near", "10.0.0.1"), (far, "psyne-far", "10.0.0.2"),
    ] {
      try await run(
        "tc qdisc add dev \(device) \(bucket); ip address add \(address)/24 dev \(device); ip link set \(device) up",
        at: place)
    }
  }

  private static func run(_ script: String, at place: Child.Place) async throws {
    // Debian keeps both where others than root do not look.
    let script = "PATH=$PATH:/usr/sbin:/sbin; \(script)"
    let command = place.command + ["sh", "-ec", script]
    let result = try await Subprocess.run(
      .name(command[0]), arguments: Arguments(Array(command.dropFirst())), input: .none,
      output: .string(limit: 1 << 16), error: .combinedWithOutput)
    guard !result.terminationStatus.isSuccess else { return }
    let line = result.standardOutput.split(separator: "\n").first.map(String.init)
    throw Impossible(reason: line ?? "\(result.terminationStatus)")
  }
}
