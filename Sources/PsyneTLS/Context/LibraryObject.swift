internal import COpenSSL

/// An object in OpenSSL's memory, which is freed when it goes.
@safe
class LibraryObject: @unchecked Sendable {
  // Unchecked: the library counts references atomically, and nobody changes the object once others see it.
  private let pointer: OpaquePointer
  private let free: @convention(c) (OpaquePointer?) -> Void

  /// Takes over the reference.
  fileprivate init(owning pointer: OpaquePointer, _ free: @convention(c) (OpaquePointer?) -> Void) {
    unsafe self.pointer = pointer
    unsafe self.free = free
  }

  deinit { unsafe free(pointer) }

  /// The pointer is valid until `body` returns. It is reachable in no other way: an object may go right after
  /// the last time that it is mentioned, which is before a call that is given what it has pointed to.
  final func with<Result>(_ body: (OpaquePointer) -> Result) -> Result {
    defer { withExtendedLifetime(self) {} }
    return unsafe body(pointer)
  }
}

final class X509Certificate: LibraryObject, @unchecked Sendable {
  // Unchecked: as every object of the library.
  /// Takes over the reference.
  init(owning pointer: OpaquePointer) { unsafe super.init(owning: pointer, X509_free) }

  var contents: TLSCertificate { unsafe with { unsafe TLSCertificate($0) } }

  /// Whether the key is the one that it was made for.
  func belongs(to key: PrivateKey) -> Bool {
    unsafe with { own in unsafe key.with { unsafe X509_check_private_key(own, $0) == 1 } }
  }
}

final class PrivateKey: LibraryObject, @unchecked Sendable {
  // Unchecked: as every object of the library.
  /// Takes over the reference.
  init(owning pointer: OpaquePointer) { unsafe super.init(owning: pointer, EVP_PKEY_free) }
}

/// A list of revoked certificates.
final class RevocationList: LibraryObject, @unchecked Sendable {
  // Unchecked: as every object of the library.
  /// Takes over the reference.
  init(owning pointer: OpaquePointer) { unsafe super.init(owning: pointer, X509_CRL_free) }
}

/// A session that a later connection can go on with.
final class ResumableSession: LibraryObject, @unchecked Sendable {
  // Unchecked: as every object of the library.
  /// Takes over the reference.
  init(owning pointer: OpaquePointer) { unsafe super.init(owning: pointer, SSL_SESSION_free) }
}
