internal import COpenSSL
internal import Glibc
package import PsyneCore

extension CertificateAuthority {
  /// A list of certificates that are valid no more.
  ///
  /// - Parameters:
  ///   - serials: in hexadecimal digits, as in ``TLSCertificate/serial``.
  ///   - lifetime: how long it may be used, from now: until then there has to be a newer one.
  package func revocationList(
    _ serials: [String], lifetime: Duration
  ) throws(TransportError) -> [UInt8] {
    try revocationList(serials, after: nil, lifetime: lifetime)
  }

  /// Puts certificates on the list in a file, and has what is on it stay there. Without any it makes the list's
  /// time begin anew. The file is replaced whole, and made if it is not there.
  ///
  /// - Throws: `TransportError` too for a list that is another authority's.
  package func revoke(
    _ serials: [String], in path: String, lifetime: Duration
  ) throws(TransportError) {
    let lock = try DirectoryLock(of: path)
    defer { lock.release() }
    let list = try revocationList(serials, after: try list(in: path), lifetime: lifetime)
    try PEMFile.write(list, to: path, .everybody, replacing: true)
  }

  /// What the first certificate in a file says, which this authority has to have given out.
  package func issued(in path: String) throws(TransportError) -> TLSCertificate {
    let file = TLSFile(option: "the file", path: path)
    guard let first = try PEM.certificates(file.read(limit: 1 << 20), of: file).first else {
      throw file.failure("has no certificate in PEM format: name the certificate's file")
    }
    let own = contents
    guard first.contents.fingerprint != own.fingerprint else {
      throw file.failure(
        "is the authority's own: whoever is not to trust it any more has to take it out of ca")
    }
    let isOurs = unsafe certificate.with { issuer in
      unsafe first.with { subject in
        unsafe key.with { key in
          unsafe X509_check_issued(issuer, subject) == X509_V_OK && X509_verify(subject, key) == 1
        }
      }
    }
    ErrorQueue.clear()
    guard isOurs else {
      throw file.failure(
        "is not signed with the key of this authority, '\(own.subject.printable)'; its issuer is '\(first.contents.issuer.printable)': name that one's directory"
      )
    }
    return first.contents
  }

  /// Nil if there is no such file.
  private func list(in path: String) throws(TransportError) -> RevocationList? {
    let file = TLSFile(option: "the list", path: path)
    let bytes: [UInt8]
    do throws(TransportError) {
      bytes = try file.read(limit: 64 << 20)
    } catch {
      guard error.code == .notFound else { throw error }
      return nil
    }
    let lists = try PEM.revocationLists(bytes, of: file)
    guard lists.count == 1, let list = lists.first else {
      throw file.failure("has \(lists.count) revocation lists, and not one: move it away")
    }
    let isOurs = unsafe list.with { list in
      unsafe key.with { unsafe X509_CRL_verify(list, $0) == 1 }
    }
    ErrorQueue.clear()
    guard isOurs else {
      throw file.failure("is not signed by '\(contents.subject.printable)': move it away")
    }
    return list
  }

  private func revocationList(
    _ serials: [String], after previous: RevocationList?, lifetime: Duration
  ) throws(TransportError) -> [UInt8] {
    let list = try Certificates.makeRevocationList(
      serials, after: previous, lifetime: lifetime, issuer: certificate, key)
    return try unsafe Certificates.pem("a revocation list") { bio in
      unsafe list.with { unsafe PEM_write_bio_X509_CRL(bio, $0) }
    }
  }
}

/// Keeps two processes from reading a file in a directory, changing it and writing it at the same time.
private struct DirectoryLock {
  private let descriptor: Int32

  /// Waits for others.
  init(of path: String) throws(TransportError) {
    let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let number = errno
      throw TransportError(
        .system, "'\(directory.printable)' cannot be opened: \(Errno.text(number))", errno: number)
    }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno != EINTR else { continue }
      let number = errno
      close(descriptor)
      throw TransportError(
        .system, "'\(directory.printable)' cannot be locked: \(Errno.text(number))", errno: number)
    }
  }

  func release() { close(descriptor) }
}
