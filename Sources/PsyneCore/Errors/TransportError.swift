/// What opening a channel or claiming an end of it can throw.
public struct TransportError: Error, Hashable, Sendable {
  /// What kind of failure it is, to switch on.
  public struct Code: Hashable, Sendable {
    private enum Kind: String {
      case invalidAddress, unknownScheme, invalidOption, invalidType, mismatch, inUse, corrupt
      case permissionDenied, notFound, unknownHost, noSpace, busy, closed, system
    }
    private let kind: Kind

    /// The address is malformed, or a name in it is not allowed.
    public static let invalidAddress = Code(kind: .invalidAddress)
    /// No transport for the scheme is registered.
    public static let unknownScheme = Code(kind: .unknownScheme)
    /// An option is unknown, or its value is.
    public static let invalidOption = Code(kind: .invalidOption)
    /// The message type cannot be carried: a reserved id, an alignment out of range.
    public static let invalidType = Code(kind: .invalidType)
    /// The channel exists with another kind, type, capacity or number of senders or receivers.
    public static let mismatch = Code(kind: .mismatch)
    /// Another party holds the end.
    public static let inUse = Code(kind: .inUse)
    /// What lies under the name is not a channel, or a damaged one that somebody still uses.
    public static let corrupt = Code(kind: .corrupt)
    /// The file belongs to somebody else, others could write to it, or it is no regular file.
    public static let permissionDenied = Code(kind: .permissionDenied)
    /// There is no such channel, or nobody listens.
    public static let notFound = Code(kind: .notFound)
    /// The host of an address has no address of its own: nobody knows it.
    public static let unknownHost = Code(kind: .unknownHost)
    /// Shared memory is full.
    public static let noSpace = Code(kind: .noSpace)
    /// Another party stopped in the middle of opening or closing the channel.
    public static let busy = Code(kind: .busy)
    /// The connection has ended, or the server takes nobody any more.
    public static let closed = Code(kind: .closed)
    /// The system refused; ``TransportError/errno`` says why.
    public static let system = Code(kind: .system)
  }

  public let code: Code
  /// What is wrong, and what to do about it.
  public let message: String
  /// The system's error number, where one is behind it.
  public let errno: Int32?

  public init(_ code: Code, _ message: String, errno: Int32? = nil) {
    self.code = code
    self.message = message
    self.errno = errno
  }
}

extension TransportError: CustomStringConvertible {
  public var description: String { message }
}

extension TransportError.Code: CustomStringConvertible {
  public var description: String { kind.rawValue }
}
