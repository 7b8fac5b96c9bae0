/// What an endpoint is told, the same for every contender:
/// `VARIANT ROLE NAME SIZE CAPACITY WARM-UP COUNT CPU`.
struct Arguments {
  enum Role: String {
    /// One way; `recv` is started first.
    case recv, send
    /// Round trips; `echo` is started first.
    case echo, ping
    /// One way at a steady rate; `listen` is started first.
    case listen, pace
    /// From a hundred connections to one server; `gather`, the server, is started first. The warm-up
    /// and the count are milliseconds.
    case gather, crowd
    /// Connections that come and go, or break and come back; `accept` is started first.
    case accept, dial, redial
    /// Many connections that do nothing; `keep`, the server, is started first. The warm-up and the count
    /// are connections.
    case keep, idle
  }

  let variant: String
  let role: Role
  /// Of a channel in shared memory, or a port.
  let name: String
  /// Bytes of a message's payload, a multiple of 8.
  let size: Int
  /// Bytes of a ring.
  let capacity: Int
  /// Messages before the measurement.
  let warmUp: Int
  let count: Int
  let cpu: Int32

  init?(_ arguments: [String]) {
    guard arguments.count == 9, let role = Role(rawValue: arguments[2]),
      let size = Int(arguments[4]), let capacity = Int(arguments[5]),
      let warmUp = Int(arguments[6]), let count = Int(arguments[7]), let cpu = Int32(arguments[8])
    else { return nil }
    variant = arguments[1]
    self.role = role
    name = arguments[3]
    self.size = size
    self.capacity = capacity
    self.warmUp = warmUp
    self.count = count
    self.cpu = cpu
  }

  var end: Int { warmUp + count }

  /// Whether each round trip comes after an idle time, when both sides have gone to sleep.
  var idles: Bool { variant.hasPrefix("parked") }
  /// Nanoseconds.
  static let idleTime: UInt64 = 200_000
  /// Whether both sides sleep at once, without spinning first, or wait with `await`.
  var parksAtOnce: Bool { variant.hasSuffix("park") }
  var isAsync: Bool { variant.hasSuffix("async") }
  /// Whether it goes over TCP; the variant is `tcp`, or `tls@FOLDER` with that of the certificates, and the
  /// options of the address after it.
  var isNetwork: Bool {
    variant == "tcp" || variant.hasPrefix("tcp?") || variant.hasPrefix("tls@")
  }
}
