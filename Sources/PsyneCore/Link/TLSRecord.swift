/// What those have to know of TLS who do not speak it (RFC 8446, 5.1 and 6).
package enum TLSRecord {
  /// Whether bytes are the beginning of a handshake, or of an alert.
  static func begins(_ bytes: UnsafeRawBufferPointer) -> Bool {
    unsafe bytes.count >= 2 && (bytes[0] == 0x16 || bytes[0] == 0x15) && bytes[1] == 0x03
  }

  /// A fatal alert, protocol_version (70), in plain text: we cannot talk to each other.
  package static let versionAlert: [UInt8] = [0x15, 0x03, 0x03, 0, 2, 2, 70]
}
