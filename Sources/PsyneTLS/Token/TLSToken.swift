internal import COpenSSL
public import PsyneCore

/// A secret that both sides know, for where there are no certificates of clients.
///
/// It is never sent. Each side proves that it knows the secret by a code that only this connection's is
/// (HMAC-SHA-256 over keys exported from TLS): whoever has got in between, where certificates are not checked,
/// has two connections, and neither's code fits the other.
///
/// ```swift
/// let token = try TLSToken(file: "/etc/psyne/token")   // head -c 32 /dev/urandom | base64
/// ```
public struct TLSToken: Sendable {
  let secret: [UInt8]

  /// Fewer bytes could be guessed by somebody who has seen a proof; more are no better.
  private static let sizes = 16...4096

  /// - Parameter secret: 16 to 4096 random bytes. A word that somebody has thought of can be guessed.
  /// - Throws: ``TransportError/Code/invalidOption`` for fewer or more.
  public init(_ secret: [UInt8]) throws(TransportError) {
    guard Self.sizes.contains(secret.count) else {
      throw TransportError(
        .invalidOption,
        "a token of \(secret.count) bytes cannot be used: it has \(Self.sizes.lowerBound) to \(Self.sizes.upperBound), as from head -c 32 /dev/urandom | base64"
      )
    }
    self.secret = secret
  }

  /// Reads it from a file, without the line's end that editors leave. Blocks for as long as the disk does.
  ///
  /// - Throws: ``TransportError`` for a file that cannot be read or is too short or too long.
  public init(file path: String) throws(TransportError) {
    let file = TLSFile(option: "token", path: path)
    var bytes = try file.read(limit: Self.sizes.upperBound + 2)
    while let last = bytes.last, last == 0x0a || last == 0x0d { bytes.removeLast() }
    guard Self.sizes.contains(bytes.count) else {
      throw file.failure(
        "has \(bytes.count) bytes, and a token \(Self.sizes.lowerBound) to \(Self.sizes.upperBound): make one by head -c 32 /dev/urandom | base64"
      )
    }
    secret = bytes
  }
}

extension TLSToken: Equatable {
  /// In a time that depends on the lengths only.
  public static func == (a: TLSToken, b: TLSToken) -> Bool {
    ConstantTime.areEqual(a.secret, b.secret)
  }
}

extension TLSToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "a token" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Comparison that tells nobody by its time how much of a guess was right.
enum ConstantTime {
  static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    guard a.count == b.count else { return false }
    return unsafe CRYPTO_memcmp(a, b, a.count) == 0
  }
}
