internal import Glibc
internal import Synchronization

/// Something that happened on the way and was dealt with, but that an operator should know of.
public struct Diagnostic: Hashable, Sendable {
  /// What it is about, to switch on.
  public struct Code: Hashable, Sendable {
    private enum Kind: String {
      case hugePages, numa, replaced, leftBehind, stuck, listener, refused, undelivered, notReloaded
      case unverified, certificate
    }
    private let kind: Kind

    /// Huge pages were asked for if possible, and are not.
    public static let hugePages = Code(kind: .hugePages)
    /// A memory node was asked for if possible, and is not.
    public static let numa = Code(kind: .numa)
    /// What dead processes left behind could not be read, and was replaced.
    public static let replaced = Code(kind: .replaced)
    /// A channel that nobody uses any more could not be removed.
    public static let leftBehind = Code(kind: .leftBehind)
    /// A channel's parties wait for one that does not go on.
    public static let stuck = Code(kind: .stuck)
    /// A listener met an error and was given nobody to tell it to.
    public static let listener = Code(kind: .listener)
    /// Somebody who wanted to connect was turned away.
    public static let refused = Code(kind: .refused)
    /// A connection was closed, and ended before all that was sent had arrived or was read.
    public static let undelivered = Code(kind: .undelivered)
    /// Certificates have changed and could not be read again: the old ones are used.
    public static let notReloaded = Code(kind: .notReloaded)
    /// Connections are encrypted, and it is not checked who is at the other end.
    public static let unverified = Code(kind: .unverified)
    /// A certificate of our own will not be believed.
    public static let certificate = Code(kind: .certificate)
  }

  public let code: Code
  /// What happened, and what to do about it. One line.
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }
}

extension Diagnostic: CustomStringConvertible {
  public var description: String { message }
}

extension Diagnostic.Code: CustomStringConvertible {
  public var description: String { kind.rawValue }
}

/// Where diagnostics go: to standard error, a line each, unless the program takes them.
///
/// ```swift
/// Diagnostics.setHandler { logger.warning("\($0.message)") }
/// ```
public enum Diagnostics {
  private static let handler = Mutex<@Sendable (Diagnostic) -> Void>(writeLine)

  /// Has `handler` called for each diagnostic from now on, on whichever thread it happens. It must not
  /// open or close channels.
  public static func setHandler(_ handler: @escaping @Sendable (Diagnostic) -> Void) {
    self.handler.withLock { $0 = handler }
  }

  /// Hands a diagnostic to the handler; for transports.
  public static func report(_ diagnostic: Diagnostic) {
    // Called outside the lock: a handler may report something itself.
    let handler = handler.withLock { $0 }
    handler(diagnostic)
  }

  /// What is done with a diagnostic that no program takes.
  public static func writeLine(_ diagnostic: Diagnostic) {
    // In one call, so that lines of several threads do not mix. Whether it succeeds is of no account.
    let line = Array("psyne: \(diagnostic.message)\n".utf8)
    _ = unsafe write(STDERR_FILENO, line, line.count)
  }
}
