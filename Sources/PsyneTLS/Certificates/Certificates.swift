internal import COpenSSL
internal import Glibc
internal import PsyneCore

/// Makes keys, certificates and revocation lists.
enum Certificates {
  private static func check(_ isDone: Bool, _ what: String) throws(TransportError) {
    guard isDone else { throw OpenSSL.failure("\(what) cannot be made") }
  }

  static func makeKey(_ kind: CertificateRequest.Key) throws(TransportError) -> PrivateKey {
    try check(OpenSSL.isReady, "a private key")
    ErrorQueue.clear()
    let pointer =
      switch kind {
      case .p256: unsafe copenssl_make_ec_key()
      case .rsa(let bits): unsafe copenssl_make_rsa_key(UInt32(clamping: bits))
      }
    guard let pointer = unsafe pointer else {
      throw OpenSSL.failure("a private key cannot be made")
    }
    return unsafe PrivateKey(owning: pointer)
  }

  /// - Parameter issuer: nil for one that vouches for itself.
  static func make(
    _ request: CertificateRequest, _ key: PrivateKey, issuer: (X509Certificate, PrivateKey)?
  ) throws(TransportError) -> X509Certificate {
    let what = "the certificate of '\(request.commonName.printable)'"
    guard (1...64).contains(request.commonName.utf8.count) else {
      throw TransportError(
        .invalidOption, "\(what) cannot be made: a common name has 1 to 64 bytes")
    }
    guard request.notBefore < request.notAfter else {
      throw TransportError(
        .invalidOption, "\(what) cannot be made: it would end before it begins")
    }
    let names = try request.alternativeNames()
    ErrorQueue.clear()
    guard let pointer = unsafe X509_new() else { throw OpenSSL.failure("\(what) cannot be made") }
    let certificate = unsafe X509Certificate(owning: pointer)
    // Version 3.
    try check(unsafe X509_set_version(pointer, 2) == 1, what)
    try unsafe setSerial(of: pointer, what)
    try check(
      unsafe setTime(X509_getm_notBefore(pointer), request.notBefore)
        && setTime(X509_getm_notAfter(pointer), request.notAfter), what)
    let name = unsafe X509_get_subject_name(pointer)
    let text = Array(request.commonName.utf8)
    try check(
      unsafe X509_NAME_add_entry_by_txt(
        name, "CN", Int32(MBSTRING_FLAG | 0), text, Int32(text.count), -1, 0) == 1, what)
    let issuerCertificate = issuer?.0 ?? certificate
    try check(
      unsafe issuerCertificate.with {
        unsafe X509_set_issuer_name(pointer, X509_get_subject_name($0)) == 1
      } && key.with { unsafe X509_set_pubkey(pointer, $0) == 1 }, what)
    for (kind, value) in extensions(request.usage, names) {
      try check(
        unsafe issuerCertificate.with {
          unsafe copenssl_add_extension(pointer, $0, kind, value) == 1
        }, what)
    }
    try check(
      unsafe (issuer?.1 ?? key).with { unsafe X509_sign(pointer, $0, EVP_sha256()) > 0 }, what)
    return certificate
  }

  private static func extensions(
    _ usage: CertificateRequest.Usage, _ names: String?
  ) -> [(Int32, String)] {
    // The key's own identifier first: the issuer's is read from there if it vouches for itself.
    var list: [(Int32, String)] = [(NID_subject_key_identifier, "hash")]
    switch usage {
    case .authority:
      list += [
        (NID_basic_constraints, "critical,CA:TRUE"),
        (NID_key_usage, "critical,keyCertSign,cRLSign"),
      ]
    case .server:
      list += [
        (NID_basic_constraints, "critical,CA:FALSE"),
        (NID_key_usage, "critical,digitalSignature"), (NID_ext_key_usage, "serverAuth"),
      ]
    case .client:
      list += [
        (NID_basic_constraints, "critical,CA:FALSE"),
        (NID_key_usage, "critical,digitalSignature"), (NID_ext_key_usage, "clientAuth"),
      ]
    }
    list.append((NID_authority_key_identifier, "keyid"))
    if let names { list.append((NID_subject_alt_name, names)) }
    return list
  }

  /// A random one, so that nobody can foresee what is signed.
  private static func setSerial(
    of certificate: OpaquePointer, _ what: String
  ) throws(TransportError) {
    guard let number = unsafe BN_new() else { throw OpenSSL.failure("\(what) cannot be made") }
    defer { unsafe BN_free(number) }
    try check(
      unsafe BN_rand(number, 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1
        && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil, what)
  }

  private static func setTime(_ time: UnsafeMutablePointer<ASN1_TIME>?, _ seconds: Int64) -> Bool {
    unsafe ASN1_TIME_set(time, Int(seconds)) != nil
  }

  /// - Parameter previous: what is on it stays on the new one.
  static func makeRevocationList(
    _ serials: [String], after previous: RevocationList?, lifetime: Duration,
    issuer: X509Certificate, _ key: PrivateKey
  ) throws(TransportError) -> RevocationList {
    let what = "the revocation list"
    ErrorQueue.clear()
    let pointer = unsafe previous?.with { unsafe X509_CRL_dup($0) } ?? X509_CRL_new()
    guard let pointer = unsafe pointer, let time = unsafe ASN1_TIME_new() else {
      throw OpenSSL.failure("\(what) cannot be made")
    }
    let list = unsafe RevocationList(owning: pointer)
    defer { unsafe ASN1_TIME_free(time) }
    let now = Int64(Glibc.time(nil))
    // Version 2. From a minute ago, because clocks differ.
    try check(
      unsafe X509_CRL_set_version(pointer, 1) == 1
        && issuer.with { unsafe X509_CRL_set_issuer_name(pointer, X509_get_subject_name($0)) == 1 }
        && setTime(time, now - 60) && X509_CRL_set1_lastUpdate(pointer, time) == 1
        && setTime(time, now + lifetime.components.seconds)
        && X509_CRL_set1_nextUpdate(pointer, time) == 1 && setTime(time, now), what)
    for serial in serials {
      guard serial.utf8.contains(where: { $0 != 0x30 }),
        serial.utf8.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit })
      else {
        throw TransportError(
          .invalidOption, "'\(serial.printable)' is no serial number: write hexadecimal digits")
      }
      var number: OpaquePointer?
      defer { unsafe BN_free(number) }
      try check(unsafe Int(BN_hex2bn(&number, serial)) == serial.utf8.count, what)
      let integer = unsafe BN_to_ASN1_INTEGER(number, nil)
      defer { unsafe ASN1_INTEGER_free(integer) }
      // It is on it already, since when it says.
      if unsafe X509_CRL_get0_by_serial(pointer, nil, integer) == 1 { continue }
      guard let entry = unsafe X509_REVOKED_new() else {
        throw OpenSSL.failure("\(what) cannot be made")
      }
      let isAdded =
        unsafe X509_REVOKED_set_serialNumber(entry, integer) == 1
        && X509_REVOKED_set_revocationDate(entry, time) == 1
        && X509_CRL_add0_revoked(pointer, entry) == 1
      if !isAdded { unsafe X509_REVOKED_free(entry) }
      try check(isAdded, what)
    }
    try check(
      unsafe X509_CRL_sort(pointer) == 1
        && key.with { unsafe X509_CRL_sign(pointer, $0, EVP_sha256()) > 0 }, what)
    return list
  }

  // MARK: PEM

  static func credentials(
    _ certificate: X509Certificate, _ key: PrivateKey
  ) throws(TransportError) -> Credentials {
    Credentials(
      certificate: certificate.contents,
      certificatePEM: try unsafe pem("a certificate") { bio in
        unsafe certificate.with { unsafe PEM_write_bio_X509(bio, $0) }
      },
      keyPEM: try unsafe pem("a private key") { bio in
        unsafe key.with { unsafe PEM_write_bio_PrivateKey(bio, $0, nil, nil, 0, nil, nil) }
      })
  }

  static func pem(
    _ what: String, _ write: (OpaquePointer) -> Int32
  ) throws(TransportError) -> [UInt8] {
    guard let bio = unsafe BIO_new(BIO_s_mem()) else {
      throw OpenSSL.failure("\(what) cannot be written")
    }
    defer { unsafe BIO_free(bio) }
    guard unsafe write(bio) == 1 else { throw OpenSSL.failure("\(what) cannot be written") }
    return unsafe MemoryBIO.bytes(of: bio)
  }
}
