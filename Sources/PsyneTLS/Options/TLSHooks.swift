/// Why somebody who has shown who it is may not stay.
public struct TLSRefusal: Error, Hashable, Sendable {
  public let reason: String

  public init(_ reason: String) { self.reason = reason }
}

/// What a program can have a say in, in code only.
public struct TLSHooks: Sendable {
  /// The passphrase of the private key in a file; nil if there is none. Asked for an encrypted key only,
  /// whenever it is read: by who listens or connects, and again when a file has changed or a listener's
  /// tickets get a new key, every two hours at most, on the thread that lets connections in, which waits.
  public var passphrase: (@Sendable (_ file: String) -> String?)?
  /// Called once for each connection, when it is known who is at the other end and before anything that it
  /// sends is looked at. It throws to have it turned away; the reason is for our own log. It is called on a
  /// thread that serves other connections too, and must not block.
  public var authorize: (@Sendable (TLSPeer) throws(TLSRefusal) -> Void)?

  /// Secrets that a listener lets connectors prove instead of certificates, or beside them: whoever knows one
  /// of them is let in. Of a connector the first counts. ``TLSOptions/token`` takes their place.
  public var tokens: [TLSToken] = []

  /// Has a listener take who offers another protocol than ours, or none (ALPN). For programs that try the
  /// encryption alone with tools that do not speak ours.
  package var takesAnyProtocol = false

  public init() {}
}
