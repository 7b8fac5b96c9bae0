internal import Glibc
package import PsyneCore

/// Certificates and keys in files.
package enum PEMFile {
  /// Who may read a file beside its owner.
  package enum Readers: UInt32, Sendable {
    /// For private keys.
    case ownerOnly = 0o600
    case everybody = 0o644
  }

  /// What the certificates in a file say, in its order; one at least.
  package static func certificates(in path: String) throws(TransportError) -> [TLSCertificate] {
    let file = TLSFile(option: "the file", path: path)
    let certificates = try PEM.certificates(file.read(limit: 1 << 20), of: file)
    guard !certificates.isEmpty else {
      throw file.failure("has no certificate in PEM format: name the certificate's file")
    }
    return certificates.map(\.contents)
  }

  /// Puts the whole file there, or nothing, and has it on the disk.
  ///
  /// - Parameter replacing: whether a file that is there may be replaced.
  /// - Throws: ``TransportError/Code/inUse`` if there is one that may not; or the system's error.
  package static func write(
    _ bytes: [UInt8], to path: String, _ readers: Readers, replacing: Bool = false
  ) throws(TransportError) {
    func failure(_ number: Int32) -> TransportError {
      TransportError(
        number == EEXIST ? .inUse : .system,
        number == EEXIST
          ? "'\(path.printable)' is there already: take another name, or say that it may be replaced"
          : "'\(path.printable)' cannot be written: \(Errno.text(number))\(Errno.advice(number))",
        errno: number)
    }
    let folder = unsafe open(
      path.lastIndex(of: "/").map { String(path[...$0]) } ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC
    )
    guard folder >= 0 else { throw failure(errno) }
    defer { close(folder) }
    let draft = "\(path).\(getpid()).\(UInt32.random(in: 0...(.max)))"
    let descriptor = unsafe open(
      draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, readers.rawValue)
    guard descriptor >= 0 else { throw failure(errno) }
    defer { unsafe unlink(draft) }
    let number = fill(descriptor, bytes)
    guard close(descriptor) == 0, number == 0 else { throw failure(number == 0 ? errno : number) }
    // A link fails where there is a file; a new name takes its place.
    guard unsafe (replacing ? rename(draft, path) : link(draft, path)) == 0 else {
      throw failure(errno)
    }
    // Else the name may be lost with the power, and what was revoked be in force again. Not every file system
    // has that for folders.
    guard fsync(folder) == 0 || errno == EINVAL else { throw failure(errno) }
  }

  /// Zero, or an error number.
  private static func fill(_ descriptor: Int32, _ bytes: [UInt8]) -> Int32 {
    var count = 0
    while count < bytes.count {
      let written = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(
          descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { return errno }
      count += written
    }
    return fsync(descriptor) == 0 ? 0 : errno
  }
}
