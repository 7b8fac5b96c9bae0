internal import COpenSSL

/// What the library found wrong with the other side's certificates, noted when it did.
struct CertificateFailure {
  /// One of `X509_V_ERR_…`.
  let code: Int32
  /// What it is about: the other side's own, or one of those above it.
  let certificate: TLSCertificate?
  /// 0 for the other side's own.
  let depth: Int32

  /// - Parameter check: the library's, at the moment at which it fails.
  init(_ check: OpaquePointer) {
    unsafe code = X509_STORE_CTX_get_error(check)
    unsafe depth = X509_STORE_CTX_get_error_depth(check)
    certificate = unsafe X509_STORE_CTX_get_current_cert(check).map { unsafe TLSCertificate($0) }
  }

  /// - Parameter host: whom a connector wants to reach.
  func error(host: ServerName?) -> TLSError {
    let whose = depth == 0 ? "the other side's certificate" : "a certificate above the other side's"
    let what = "\(whose), \(certificate?.description ?? "which cannot be read"),"
    func error(_ code: TLSError.Code, _ text: String) -> TLSError {
      TLSError(code, "\(what) \(text)")
    }
    let issuer = "'\(certificate?.issuer ?? "nobody")'"
    switch code {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return error(
        .expired,
        "expired on \(UTC.text(certificate?.notAfter ?? 0)): renew it, or set this machine's clock")
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return error(
        .notYetValid,
        "is valid from \(UTC.text(certificate?.notBefore ?? 0)) only: wait, or set this machine's clock"
      )
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
      return error(.wrongHost, wrongHost(host?.text ?? ""))
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return error(
        .selfSigned,
        "vouches for itself: name its file as ca if it is to be trusted, or get one from an authority"
      )
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
      X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
      X509_V_ERR_CERT_UNTRUSTED:
      return error(
        .unknownAuthority,
        "comes from \(issuer), which is not trusted here: name that authority's file as ca; if it only "
          + "signs for one that is trusted, the other side has to add its certificate to its cert file"
      )
    case X509_V_ERR_CERT_REVOKED:
      return error(
        .revoked, "was revoked by \(issuer) (serial \(certificate?.serial ?? "")): get a new one")
    case X509_V_ERR_UNABLE_TO_GET_CRL:
      return error(
        .noRevocationList,
        "cannot be looked up: the crl file has no list of \(issuer); add that list to it")
    case X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CRL_NOT_YET_VALID:
      return error(
        .noRevocationList,
        "cannot be looked up: the list of \(issuer) in the crl file is past or ahead of its time; get a new one"
      )
    case X509_V_ERR_INVALID_PURPOSE, X509_V_ERR_INVALID_CA, X509_V_ERR_INVALID_NON_CA,
      X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
      return error(.wrongPurpose, wrongPurpose)
    case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK:
      return error(
        .weakKey,
        "has a key or a signature that can be broken: make a new one (EC P-256, or RSA of 2048 bits)"
      )
    default:
      let text = unsafe String(cString: X509_verify_cert_error_string(Int(code)))
      return error(.badCertificate, "is not accepted: \(text)")
    }
  }

  private func wrongHost(_ host: String) -> String {
    let names = certificate?.names ?? []
    let advice =
      "reach it by one of these, set servername to one if it is the right server, or issue the certificate anew"
    guard names.isEmpty else { return "is not for '\(host)': \(advice)" }
    return
      "is not for '\(host)': it has no alternative names (SANs), and a common name does not count; "
      + "issue it anew with DNS:\(host) or IP:\(host)"
  }

  private var wrongPurpose: String {
    depth == 0
      ? "is not for this side of a connection: servers need one for serverAuth, clients one for clientAuth"
      : "may not vouch for others: it is no authority's"
  }
}

/// Times in messages.
package enum UTC {
  /// As in `2026-01-31 23:59 UTC`.
  package static func text(_ seconds: Int64) -> String {
    // Days since 1 March of the year 0, so that the leap day comes last (Howard Hinnant's algorithm).
    let (days, second) = floored(seconds, 86400)
    let (era, dayOfEra) = floored(days + 719_468, 146_097)
    let year = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shifted + 2) / 5 + 1
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let date = [year + era * 400 + (month <= 2 ? 1 : 0), month, day].map(twoDigits)
    return "\(date.joined(separator: "-")) "
      + "\(twoDigits(second / 3600)):\(twoDigits(second % 3600 / 60)) UTC"
  }

  private static func floored(_ a: Int64, _ b: Int64) -> (quotient: Int64, remainder: Int64) {
    let remainder = (a % b + b) % b
    return ((a - remainder) / b, remainder)
  }

  private static func twoDigits(_ number: Int64) -> String {
    number < 10 ? "0\(number)" : "\(number)"
  }
}
