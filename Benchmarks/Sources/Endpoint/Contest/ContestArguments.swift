/// What a contender of a contest is told, the same as in Peers/contest.hpp:
/// `VARIANT threads NAME PRODUCERS CONSUMERS CAPACITY WARM-UP MS`, or
/// `VARIANT produce|consume NAME PRODUCERS CONSUMERS CAPACITY INDEX CPU`.
struct ContestArguments {
  enum Role: String {
    case threads, produce, consume
  }
  enum Kind: String {
    case spsc, mpsc, spmc, mpmc, broadcast
  }
  enum Body: String {
    /// A fixed-size struct of 64 bytes, or a vector of eight words.
    case `struct`, vector
  }

  let kind: Kind
  let body: Body
  let role: Role
  let name: String
  let producers: Int
  let consumers: Int
  /// Bytes of each lane.
  let capacity: Int
  private let fifth: Int
  private let sixth: Int

  /// Nanoseconds, of threads.
  var warmUp: UInt64 { UInt64(fifth) * 1_000_000 }
  var time: UInt64 { UInt64(sixth) * 1_000_000 }
  /// Among the producers or the consumers, of a process.
  var index: Int { fifth }
  var cpu: Int32 { Int32(sixth) }

  /// VARIANT is `KIND.BODY`.
  init?(_ arguments: [String]) {
    guard arguments.count == 9, let role = Role(rawValue: arguments[2]) else { return nil }
    let variant = arguments[1].split(separator: ".").map(String.init)
    guard variant.count == 2, let kind = Kind(rawValue: variant[0]),
      let body = Body(rawValue: variant[1]), let producers = Int(arguments[4]),
      let consumers = Int(arguments[5]), let capacity = Int(arguments[6]),
      let fifth = Int(arguments[7]), let sixth = Int(arguments[8])
    else { return nil }
    self.kind = kind
    self.body = body
    self.role = role
    name = arguments[3]
    self.producers = producers
    self.consumers = consumers
    self.capacity = capacity
    self.fifth = fifth
    self.sixth = sixth
  }

  var address: String { role == .threads ? "memory://\(name)" : "ipc://\(name)" }
  var board: String { "/dev/shm/\(name).board" }
  /// How many consumers receive each message.
  var deliveries: Int { kind == .broadcast ? consumers : 1 }
}
