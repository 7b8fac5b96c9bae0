internal import Glibc
internal import Psyne
internal import PsyneTLS

/// The files of a certificate and of its private key, which lie beside each other.
struct CertificateFiles {
  let certificate: String
  let key: String
  private let directory: String

  /// - Parameter name: the files' name without what tells them apart.
  init(_ name: String, in directory: String) {
    let path =
      switch directory {
      case ".": name
      case _ where directory.hasSuffix("/"): directory + name
      default: "\(directory)/\(name)"
      }
    self.directory = directory
    certificate = "\(path).pem"
    key = "\(path).key"
  }

  /// What an authority's are called.
  static let authority = "ca"

  /// What the authority's list of revoked certificates is called, which has no key.
  static let revocations = "crl"

  /// Looks at both before anything is written: one of them alone would be of no use.
  func expectRoom(isForced: Bool) throws(Failure) {
    var status = stat()
    guard unsafe stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw Failure(
        .cannotCreate, "'\(directory)' is no directory: make it first, or give another to --output")
    }
    guard !isForced else { return }
    for path in [certificate, key] {
      guard unsafe lstat(path, &status) != 0 else {
        throw Failure(
          .cannotCreate,
          "'\(path)' is there already: write to another directory with --output, or replace it with --force"
        )
      }
    }
  }

  /// Writes both, and prints their names.
  func write(_ credentials: Credentials, isForced: Bool) throws(Failure) {
    try write(credentials.keyPEM, to: key, .ownerOnly, isForced)
    do throws(Failure) {
      try write(credentials.certificatePEM, to: certificate, .everybody, isForced)
    } catch {
      // Ours, and of no use.
      if !isForced { unsafe unlink(key) }
      throw error
    }
    Console.output.write("\(certificate)\n\(key)\n")
  }

  private func write(
    _ bytes: [UInt8], to path: String, _ readers: PEMFile.Readers, _ isForced: Bool
  ) throws(Failure) {
    do {
      try PEMFile.write(bytes, to: path, readers, replacing: isForced)
    } catch {
      throw Failure(.cannotCreate, error.message)
    }
  }
}
