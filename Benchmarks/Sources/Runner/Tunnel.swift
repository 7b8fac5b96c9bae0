internal import CBench
internal import Glibc

/// An stunnel at each side, on its side's CPU: what connects to the port of one comes out of the other,
/// encrypted on its way between the two.
final class Tunnel {
  /// Where to connect.
  let port: UInt16
  private let processes: [ChildProcess]
  private let files: [String]

  private static let program = "/usr/bin/stunnel"

  /// - Parameter target: the port where the far end connects to.
  init(to target: UInt16, _ certificates: String, _ cores: [Int]) throws(Failure) {
    let between = try Self.freePort()
    port = try Self.freePort()
    let name = "/tmp/\(Names.next())"
    let ends = [
      (role: "server", client: "no", accepts: between, connects: target, core: cores[1]),
      (role: "client", client: "yes", accepts: port, connects: between, core: cores[0]),
    ]
    files = ends.map { "\(name).\($0.role)" }
    var processes: [ChildProcess] = []
    for (end, file) in zip(ends, files) {
      try Self.write(
        """
        foreground = yes
        pid =
        syslog = no
        debug = notice
        socket = l:TCP_NODELAY=1
        socket = r:TCP_NODELAY=1
        [psyne-bench]
        client = \(end.client)
        accept = 127.0.0.1:\(end.accepts)
        connect = 127.0.0.1:\(end.connects)
        CAfile = \(certificates)/ca.pem
        cert = \(certificates)/\(end.role).pem
        verifyChain = yes
        sslVersion = TLSv1.3

        """, to: file)
      let process = try ChildProcess(
        ["/usr/bin/taskset", "-c", "\(end.core)", Self.program, file], seconds: 60)
      try process.await("Configuration successful", seconds: 10)
      processes.append(process)
    }
    self.processes = processes
  }

  deinit {
    for file in files { unsafe unlink(file) }
  }

  func stop() {
    for process in processes { process.terminate() }
  }

  static func freePort() throws(Failure) -> UInt16 {
    let port = cbench_free_port()
    guard port > 0 else { throw Failure("there is no free port") }
    return port
  }

  private static func write(_ text: String, to file: String) throws(Failure) {
    let descriptor = unsafe open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Failure("\(file) cannot be written") }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw Failure("\(file) cannot be written")
    }
  }
}
