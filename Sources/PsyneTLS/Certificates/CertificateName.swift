extension TLSCertificate.Name {
  /// A host as people write it: an IP address, perhaps in brackets, or a name.
  package init(host text: String) {
    let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
    let address = isBracketed ? String(text.dropFirst().dropLast()) : text
    self = IPAddress.bytes(of: address) == nil ? .dns(text) : .ip(address)
  }

  /// Any name: what is no host has an '@', or the colon of a URI.
  package init(_ text: String) {
    self.init(host: text)
    guard case .dns = self else { return }
    if text.contains(":") { self = .uri(text) } else if text.contains("@") { self = .email(text) }
  }
}
