// What the other side says when it ends a connection, in words.

extension TLSError {
  /// The other side's reason.
  static func alert(_ number: UInt8) -> TLSError {
    TLSError(.alert, "the other side \(meaning(of: number)) (TLS alert \(number))", alert: number)
  }

  private static func meaning(of alert: UInt8) -> String {
    switch alert {
    case 10: "says that our messages came in a wrong order: it may not speak TLS as it should"
    case 20, 21, 51: "could not decrypt what we sent: something in between has changed it"
    case 22: "got a record that is too long: something in between has changed it"
    case 40:
      "accepts nothing of what we offer, or does not believe our certificate: look at its log"
    case 42: "cannot make sense of our certificate: look at its log, and issue the certificate anew"
    case 43:
      "takes no certificate of this kind: ours must be issued for the side that shows it (server or client)"
    case 44: "says that our certificate was revoked: get a new one"
    case 45: "says that our certificate has expired: renew it, or set the other machine's clock"
    case 46: "does not accept our certificate: look at its log"
    case 47, 50: "could not make sense of what we sent: something in between has changed it"
    case 48:
      "does not know the authority of our certificate: name that authority there as ca, or get a certificate from one that it knows"
    case 49:
      "has seen who we are, and does not let us in: add a name of our certificate to what it allows"
    case 70:
      "speaks no version of TLS that we do, or none at all: set tls on one side as on the other, or write tcp:// on both"
    case 71: "finds our keys or ciphers too weak: make a new key (EC P-256, or RSA of 2048 bits)"
    case 80: "has failed inside: look at its log"
    case 86: "refuses to speak an older version of TLS than it could"
    case 90: "has broken off the handshake"
    case 109, 110: "misses something in our hello, or does not like it: it may not speak TLS 1.3"
    case 112: "does not know the name that we asked for: set servername to one that it has"
    case 116: "wants a certificate, and we have shown none: set cert and key"
    case 120:
      "does not speak Psyne (ALPN \(Protocol.name)): another program has the port, or another version"
    default: "has ended the connection for a reason of its own: look at its log"
    }
  }
}

/// What both sides say that they speak (ALPN).
enum Protocol {
  static let name = "psyne/1"
  /// As it goes over the wire: a length and the name.
  static let list: [UInt8] = [UInt8(name.utf8.count)] + Array(name.utf8)
}
