package import PsyneCore

extension TLSVerification: OptionValue {
  package static var kind: String { "way to verify" }
}

extension TLSClientCertificates: OptionValue {
  package static var kind: String { "way to ask for client certificates" }
}

extension TLSVersion: OptionValue {
  package static var kind: String { "version of TLS that is spoken" }
}

extension TLSOptions {
  /// The names of the options in addresses.
  package static let names = [
    "ca", "cert", "key", "verify", "clientcert", "servername", "tls", "crl", "allow",
    "token",
  ]

  /// Adds what an address says.
  ///
  /// - Throws: ``TransportError/Code/invalidOption`` for a malformed value.
  package func merging(_ address: ChannelAddress) throws(TransportError) -> TLSOptions {
    var merged = self
    for option in address.options {
      switch option.name {
      case "ca": merged.authorities = option.value
      case "cert": merged.certificate = option.value
      case "key": merged.key = option.value
      case "verify": merged.verification = try Self.value(option, address)
      case "clientcert": merged.clientCertificates = try Self.value(option, address)
      case "servername": merged.serverName = option.value
      case "tls": merged.minimumVersion = try Self.value(option, address)
      case "crl": merged.revocations = option.value
      case "token": merged.token = option.value
      case "allow":
        merged.allowed = option.value.split(separator: ",", omittingEmptySubsequences: false)
          .map(String.init)
      default: break
      }
    }
    return merged
  }

  private static func value<Value: OptionValue>(
    _ option: ChannelAddress.Option, _ address: ChannelAddress
  ) throws(TransportError) -> Value {
    var value: Value?
    try ChannelOptions.merge(option, address, into: &value)
    guard let value else { preconditionFailure("a merged option has a value") }
    return value
  }
}

/// Which side of a connection it is.
package enum TLSRole: Hashable, Sendable { case listener, connector }

extension TLSOptions {
  /// Whether those that connect have to show a certificate.
  var wantsClientCertificates: Bool {
    (clientCertificates ?? (authorities == nil ? .unasked : .required)) == .required
  }

  /// Whether such a side looks at the other side's certificate.
  func checksPeer(_ role: TLSRole) -> Bool {
    role == .listener ? wantsClientCertificates : verification == .full
  }

  /// Throws for what contradicts itself, or promises more than it does.
  func validate(_ role: TLSRole) throws(TransportError) {
    func check(_ isRight: Bool, _ what: String) throws(TransportError) {
      guard isRight else { throw TransportError(.invalidOption, what) }
    }
    try check(
      key == nil || certificate != nil,
      "key is of no use without cert: name the certificate's file too")
    if let serverName { _ = try ServerName(serverName, option: "servername") }
    for name in allowed ?? [] {
      try check(!name.isEmpty, "allow has an empty name: separate the names by single commas")
      try check(
        name.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != 0x5c },
        "allow '\(name.printable)' is no name: it may hold printable ASCII without blanks and '\\'")
    }
    try check(
      allowed.map { !$0.isEmpty } ?? true,
      "allow names nobody: leave it away to let in all whose certificates are accepted")
    switch role {
    case .listener: try validateListener(check)
    case .connector: try validateConnector(check)
    }
  }

  private typealias Check = (Bool, String) throws(TransportError) -> Void

  private func validateListener(_ check: Check) throws(TransportError) {
    try check(certificate != nil, "a listener needs a certificate: set cert and key to its files")
    try check(
      verification == .full,
      "verify=none is for those that connect: a listener that wants no certificates says clientcert=none"
    )
    guard !wantsClientCertificates else {
      return try check(
        authorities != nil,
        "clientcert=require needs ca, the file of the authority that gives certificates to clients: the system's authorities give them to everybody"
      )
    }
    try check(
      allowed == nil,
      "allow needs the certificates of those that connect: set ca, and not clientcert=none")
    try check(
      revocations == nil,
      "crl needs the certificates of those that connect: set ca, and not clientcert=none")
  }

  private func validateConnector(_ check: Check) throws(TransportError) {
    guard verification == .insecure else { return }
    try check(
      certificate == nil,
      "verify=none with cert would show our certificate to anybody: take one of them away")
    try check(
      allowed == nil && revocations == nil,
      "verify=none checks no certificate, and allow and crl want one checked: take verify=none away"
    )
  }
}

/// Whom a connector wants to reach.
struct ServerName: Hashable, Sendable {
  let text: String
  let isIPAddress: Bool

  init(_ text: String, option: String = "the host") throws(TransportError) {
    // As in an address: in brackets if it is of version 6, perhaps with the dot of a complete name.
    var name = text[...]
    if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
    if name.hasSuffix(".") { name = name.dropLast() }
    self.text = String(name)
    isIPAddress = IPAddress.bytes(of: self.text) != nil
    let isName =
      (1...253).contains(name.utf8.count)
      && name.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
          || $0 == 0x2d || $0 == 0x2e || $0 == 0x5f
      }
    guard isIPAddress || isName else {
      throw TransportError(
        .invalidOption,
        "\(option) '\(text.printable)' is neither a host's name nor an IP address; set servername to what the server's certificate says"
      )
    }
  }
}

extension String {
  /// With everything escaped that a terminal might obey.
  var printable: String {
    unicodeScalars.map { (0x20...0x7e).contains($0.value) ? String($0) : $0.escaped(asASCII: true) }
      .joined()
  }
}
