/// How what a connection sends travels: for people, by ``description``, and part by part.
public struct ConnectionDetails: Hashable, Sendable {
  /// "shared memory", "TCP".
  public let transport: String
  /// Nil where nothing is encrypted.
  public let encryption: ConnectionEncryption?
  /// What makes the bytes fewer, and how: "lz4 (level fast, shuffle auto)". Nil where nothing does.
  public let codec: String?

  public init(transport: String, encryption: ConnectionEncryption? = nil, codec: String? = nil) {
    self.transport = transport
    self.encryption = encryption
    self.codec = codec
  }
}

extension ConnectionDetails: CustomStringConvertible {
  /// "TCP; TLS 1.3, TLS_AES_256_GCM_SHA384, x25519, resumed, not by the kernel; lz4 (level fast, shuffle auto)"
  public var description: String {
    [transport, encryption?.description, codec].compactMap(\.self).joined(separator: "; ")
  }
}

/// How a connection is encrypted, as agreed on when the two sides last met.
public struct ConnectionEncryption: Hashable, Sendable {
  /// "TLS 1.3"
  public let version: String
  /// "TLS_AES_256_GCM_SHA384"
  public let cipher: String
  /// What the keys were agreed on by: "x25519". Nil where no new ones were.
  public let group: String?
  /// Whether it goes on with what an earlier connection has agreed on, certificates among it.
  public let isResumed: Bool
  /// Whether the kernel encrypts, and not this process.
  public let isInKernel: Bool

  public init(
    version: String, cipher: String, group: String?, isResumed: Bool, isInKernel: Bool
  ) {
    self.version = version
    self.cipher = cipher
    self.group = group
    self.isResumed = isResumed
    self.isInKernel = isInKernel
  }
}

extension ConnectionEncryption: CustomStringConvertible {
  public var description: String {
    let parts = [
      version, cipher, group, isResumed ? "resumed" : nil,
      isInKernel ? "by the kernel" : "not by the kernel",
    ]
    return parts.compactMap(\.self).joined(separator: ", ")
  }
}
