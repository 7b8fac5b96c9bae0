internal import Psyne
internal import SystemPackage

/// How the tool ends; the numbers of sysexits.h. Documented in ``HelpText/exitStatus``.
enum ExitStatus: Int32 {
  case success = 0
  case failure = 1
  case usage = 64
  case noInput = 66
  case noHost = 68
  case unavailable = 69
  case cannotCreate = 73
  case inputOutput = 74
  case timeout = 75
  case permission = 77
}

/// Why the tool ends, in a sentence for its user.
struct Failure: Error {
  let status: ExitStatus
  let message: String

  init(_ status: ExitStatus, _ message: String) {
    self.status = status
    self.message = message
  }

  /// Nil for what the argument parser reports itself.
  init?(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as TransportError: self.init(error)
    case let error as ChannelError: self.init(error)
    default: return nil
    }
  }

  init(_ error: TransportError) {
    let status: ExitStatus =
      switch error.code {
      case .invalidAddress, .unknownScheme, .invalidOption: .usage
      case .inUse: .unavailable
      case .permissionDenied: .permission
      case .notFound: .noInput
      case .unknownHost: .noHost
      case .noSpace: .cannotCreate
      case .busy: .timeout
      default: .failure
      }
    self.init(status, error.message)
  }

  init(_ error: ChannelError) {
    let status: ExitStatus =
      switch error {
      case .closed, .peerDied, .evicted: .unavailable
      case .timedOut, .full: .timeout
      case .lost, .cancelled, .busy, .tooLarge, .wrongType, .corrupt: .failure
      }
    self.init(status, error.description)
  }

  /// A call on the file `name` that failed.
  static func file(
    _ status: ExitStatus, _ action: String, _ name: String, _ error: any Error
  ) -> Failure {
    let reason = (error as? SystemPackage.Errno)?.description ?? "\(error)"
    return Failure(status, "cannot \(action) \(name): \(reason)")
  }
}
