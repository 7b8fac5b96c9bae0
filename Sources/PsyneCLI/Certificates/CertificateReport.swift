internal import Glibc
internal import PsyneTLS

/// What a certificate says, for people.
struct CertificateReport {
  let text: String

  init(_ certificate: TLSCertificate) {
    let rows = [
      ("subject", certificate.subject),
      ("names", certificate.names.map(\.description).joined(separator: ", ")),
      ("issuer", certificate.issuer),
      ("from", UTC.text(certificate.notBefore)),
      ("until", "\(UTC.text(certificate.notAfter)), \(Self.left(until: certificate.notAfter))"),
      ("SHA-256", certificate.fingerprint),
    ]
    text = rows.filter { !$0.1.isEmpty }.map { "\($0.0.left(9))\($0.1)\n" }.joined()
  }

  private static func left(until end: Int64) -> String {
    let seconds = end - Int64(time(nil))
    guard seconds >= 0 else { return "expired" }
    // To the nearest: one of 90 days is not one of 89 a second later.
    let days = (seconds + 43_200) / 86_400
    return days == 0 ? "less than a day left" : days == 1 ? "1 day left" : "\(days) days left"
  }
}
