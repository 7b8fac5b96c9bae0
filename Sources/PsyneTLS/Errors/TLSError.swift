/// Why a connection cannot be had or trusted.
public struct TLSError: Error, Hashable, Sendable {
  /// What kind of failure it is, to switch on.
  public struct Code: Hashable, Sendable {
    private enum Kind: String {
      case expired, notYetValid, wrongHost, selfSigned, unknownAuthority, revoked
      case noRevocationList, wrongPurpose, weakKey, badCertificate, noCertificate, wrongProtocol
      case tooOld, plainText, truncated, corrupt, refused, alert, failed
    }
    private let kind: Kind

    /// The other side's certificate is past its time.
    public static let expired = Code(kind: .expired)
    /// The other side's certificate is ahead of its time, or our clock is behind.
    public static let notYetValid = Code(kind: .notYetValid)
    /// The certificate is somebody else's.
    public static let wrongHost = Code(kind: .wrongHost)
    /// The certificate vouches for itself, and nobody has told us to trust it.
    public static let selfSigned = Code(kind: .selfSigned)
    /// The certificate comes from an authority that we do not trust.
    public static let unknownAuthority = Code(kind: .unknownAuthority)
    /// The authority has revoked the certificate.
    public static let revoked = Code(kind: .revoked)
    /// There is no list of revoked certificates to look it up in, or an old one.
    public static let noRevocationList = Code(kind: .noRevocationList)
    /// The certificate is for something else: a client's shown by a server, or the other way round.
    public static let wrongPurpose = Code(kind: .wrongPurpose)
    /// A key or a signature can be broken.
    public static let weakKey = Code(kind: .weakKey)
    /// Something else is wrong with the certificate.
    public static let badCertificate = Code(kind: .badCertificate)
    /// A connector has shown no certificate to a listener that wants one.
    public static let noCertificate = Code(kind: .noCertificate)
    /// It speaks TLS, but not Psyne.
    public static let wrongProtocol = Code(kind: .wrongProtocol)
    /// It speaks no version of TLS that we do, or no cipher.
    public static let tooOld = Code(kind: .tooOld)
    /// It does not speak TLS.
    public static let plainText = Code(kind: .plainText)
    /// The connection was cut: whether by a fault or by somebody in between cannot be told.
    public static let truncated = Code(kind: .truncated)
    /// What came was changed on the way, or follows no rule of the protocol.
    public static let corrupt = Code(kind: .corrupt)
    /// We have turned it away: it is not among those that may connect.
    public static let refused = Code(kind: .refused)
    /// The other side has ended it; ``TLSError/alert`` is its reason.
    public static let alert = Code(kind: .alert)
    /// The library failed: it has no memory, or was set up to refuse what is needed.
    public static let failed = Code(kind: .failed)
  }

  public let code: Code
  /// What is wrong, and what to do about it. It contains no secret.
  public let message: String
  /// The number of the alert that the other side has sent.
  public let alert: UInt8?

  init(_ code: Code, _ message: String, alert: UInt8? = nil) {
    self.code = code
    self.message = message
    self.alert = alert
  }
}

extension TLSError: CustomStringConvertible {
  public var description: String { message }
}

extension TLSError.Code: CustomStringConvertible {
  public var description: String { kind.rawValue }
}
