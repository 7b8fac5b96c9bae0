/// Something that moves messages, built in one way.
struct Contender {
  enum Family: String {
    case psyne, cpp, zeromq, futex, queue, nng, nanomsg, sockets, openssl, stunnel
    case boost = "boost-interprocess"
    case iceoryx
  }
  /// The instruction set it was built for; like is compared with like.
  enum Target: String, CaseIterable {
    case baseline, native
  }

  let name: String
  let family: Family
  let target: Target
  let program: String
  let variant: String
  /// Bytes of each ring or queue, where it is not the measure's.
  var capacity: Int?
  /// Folder of the certificates of an encrypted tunnel between its sides, if there is to be one.
  var certificates: String?
  /// Whether it hands over several messages with one call.
  var isBulk = false
  /// Whether each consumer receives every message, whatever the shape.
  var deliversToAll = false
  /// Whether its figure is left out with a reason where it cannot run, rather than end everything.
  var mayFail = false
  /// Whether all sides of it spin, so that less than all of a CPU means that it was disturbed.
  var spins = false
}
