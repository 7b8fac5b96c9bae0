internal import COpenSSL
internal import Glibc

extension TLSCertificate {
  /// - Parameter certificate: an `X509` that stays while this runs.
  init(_ certificate: OpaquePointer) {
    let subjectName = unsafe X509_get_subject_name(certificate)
    unsafe subject = Self.text(of: subjectName)
    unsafe commonName = Self.commonName(in: subjectName)
    unsafe issuer = Self.text(of: X509_get_issuer_name(certificate))
    unsafe names = Self.names(of: certificate)
    unsafe serial = Self.serial(of: certificate)
    unsafe notBefore = Self.seconds(X509_get0_notBefore(certificate))
    unsafe notAfter = Self.seconds(X509_get0_notAfter(certificate))
    unsafe fingerprint = Self.fingerprint(of: certificate)
  }

  private static func text(of name: OpaquePointer?) -> String {
    guard let name = unsafe name, let memory = unsafe BIO_new(BIO_s_mem()) else { return "" }
    defer { unsafe BIO_free(memory) }
    guard unsafe X509_NAME_print_ex(memory, name, 0, copenssl_name_flags()) >= 0 else { return "" }
    return String(decoding: unsafe MemoryBIO.bytes(of: memory), as: UTF8.self).printable
  }

  private static func commonName(in name: OpaquePointer?) -> String? {
    let index = unsafe X509_NAME_get_index_by_NID(name, NID_commonName, -1)
    guard index >= 0 else { return nil }
    guard let entry = unsafe X509_NAME_get_entry(name, index) else { return nil }
    var utf8: UnsafeMutablePointer<UInt8>?
    let count = unsafe ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry))
    guard count >= 0, let bytes = unsafe utf8 else { return nil }
    defer { unsafe copenssl_free(bytes) }
    return unsafe shown(UnsafeBufferPointer(start: bytes, count: Int(count)))
  }

  private static func names(of certificate: OpaquePointer) -> [Name] {
    guard let list = unsafe copenssl_alt_names(certificate) else { return [] }
    defer { unsafe copenssl_free_alt_names(list) }
    var names: [Name] = []
    let count = unsafe copenssl_alt_name_count(list)
    for index in 0..<count {
      var start: UnsafePointer<UInt8>?
      var count: Int32 = 0
      let kind = unsafe copenssl_alt_name(list, index, &start, &count)
      let bytes = unsafe UnsafeBufferPointer(start: start, count: Int(count))
      switch kind {
      case GEN_DNS: unsafe names.append(.dns(shown(bytes)))
      case GEN_URI: unsafe names.append(.uri(shown(bytes)))
      case GEN_EMAIL: unsafe names.append(.email(shown(bytes)))
      case GEN_IPADD:
        if let text = unsafe IPAddress.text(of: Array(bytes)) { names.append(.ip(text)) }
      default: break
      }
    }
    return names
  }

  /// Escapes what is not printable, and the escape itself: a name with a zero in it must not look like
  /// another one without.
  private static func shown(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    var text = ""
    for byte in unsafe Array(bytes) {
      if (0x20...0x7e).contains(byte), byte != 0x5c {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += "\\x" + Hex.text(of: [byte])
      }
    }
    return text
  }

  private static func serial(of certificate: OpaquePointer) -> String {
    guard
      let number = unsafe ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nil)
    else { return "" }
    defer { unsafe BN_free(number) }
    guard let text = unsafe BN_bn2hex(number) else { return "" }
    defer { unsafe copenssl_free(text) }
    return unsafe String(cString: text).lowercased()
  }

  private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
    var parts = unsafe tm()
    // Fails for what is no time, which no certificate that was accepted has.
    guard unsafe ASN1_TIME_to_tm(time, &parts) == 1 else { return 0 }
    return unsafe Int64(timegm(&parts))
  }

  private static func fingerprint(of certificate: OpaquePointer) -> String {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    guard unsafe X509_digest(certificate, EVP_sha256(), &digest, &count) == 1 else { return "" }
    return Hex.text(of: digest.prefix(Int(count)))
  }
}

enum Hex {
  static func text(of bytes: some Sequence<UInt8>) -> String {
    var text = ""
    for byte in bytes {
      text += byte < 16 ? "0" : ""
      text += String(byte, radix: 16)
    }
    return text
  }
}

enum MemoryBIO {
  /// What was written to a BIO of memory.
  static func bytes(of bio: OpaquePointer) -> [UInt8] {
    var start: UnsafeMutablePointer<CChar>?
    let count = unsafe copenssl_memory_bytes(bio, &start)
    return unsafe Array(UnsafeRawBufferPointer(start: start, count: max(count, 0)))
  }
}
