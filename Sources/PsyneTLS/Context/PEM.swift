internal import COpenSSL
internal import PsyneCore

/// Reads what is in a PEM file.
enum PEM {
  /// Every certificate, in the file's order; none if it holds none.
  static func certificates(
    _ bytes: [UInt8], of file: TLSFile
  ) throws(TransportError) -> [X509Certificate] {
    try unsafe all(bytes, of: file, "certificate") { bio in
      guard let pointer = unsafe PEM_read_bio_X509(bio, nil, nil, nil) else { return nil }
      return unsafe X509Certificate(owning: pointer)
    }
  }

  static func revocationLists(
    _ bytes: [UInt8], of file: TLSFile
  ) throws(TransportError) -> [RevocationList] {
    try unsafe all(bytes, of: file, "revocation list") { bio in
      guard let pointer = unsafe PEM_read_bio_X509_CRL(bio, nil, nil, nil) else { return nil }
      return unsafe RevocationList(owning: pointer)
    }
  }

  private static func all<Item>(
    _ bytes: [UInt8], of file: TLSFile, _ what: String, _ next: (OpaquePointer) -> Item?
  ) throws(TransportError) -> [Item] {
    var items: [Item] = []
    ErrorQueue.clear()
    unsafe reading(bytes) { bio in
      while let item = unsafe next(bio) { items.append(item) }
    }
    guard let error = ErrorQueue.take(), error.reason != PEM_R_NO_START_LINE else { return items }
    throw file.failure(
      "is malformed: its \(what) number \(items.count + 1) cannot be read (\(error.text)); "
        + "get it anew")
  }

  /// The first private key; nil if there is none.
  static func privateKey(
    _ bytes: [UInt8], of file: TLSFile, _ passphrase: (@Sendable (String) -> String?)?
  ) throws(TransportError) -> PrivateKey? {
    ErrorQueue.clear()
    var question = Question(path: file.path, passphrase: passphrase)
    let key = unsafe withUnsafeMutablePointer(to: &question) { question in
      unsafe reading(bytes) { bio -> PrivateKey? in
        guard let pointer = unsafe PEM_read_bio_PrivateKey(bio, nil, Question.answer, question)
        else { return nil }
        return unsafe PrivateKey(owning: pointer)
      }
    }
    if let key { return key }
    let error = ErrorQueue.take()
    guard !question.isAsked else {
      guard question.isAnswered else {
        throw file.failure(
          "is encrypted, and there is no passphrase: set the passphrase callback in code, or decrypt the file (openssl pkey)"
        )
      }
      throw file.failure("cannot be decrypted: the passphrase is wrong, or the file is damaged")
    }
    // What the library says of other files depends on what they look like.
    guard bytes.contains("PRIVATE KEY-----".utf8) else { return nil }
    let reason = error?.text ?? "no reason is given"
    throw file.failure("is malformed: its private key cannot be read (\(reason)); get it anew")
  }

  private static func reading<Result>(
    _ bytes: [UInt8], _ body: (OpaquePointer) -> Result
  ) -> Result {
    // The library takes no empty buffer.
    unsafe (bytes.isEmpty ? [0x0a] : bytes).withUnsafeBytes { buffer in
      guard let bio = unsafe BIO_new_mem_buf(buffer.baseAddress, Int32(buffer.count)) else {
        preconditionFailure("no memory")
      }
      defer { unsafe BIO_free(bio) }
      return unsafe body(bio)
    }
  }

  /// The library's question for a passphrase.
  private struct Question {
    let path: String
    let passphrase: (@Sendable (String) -> String?)?
    var isAsked = false
    var isAnswered = false

    static let answer:
      @convention(c) (
        UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?
      ) -> Int32 = { buffer, size, _, pointer in
        guard let question = unsafe pointer?.assumingMemoryBound(to: Question.self),
          let buffer = unsafe buffer
        else { return -1 }
        unsafe question.pointee.isAsked = true
        guard let text = unsafe question.pointee.passphrase?(question.pointee.path) else {
          return -1
        }
        unsafe question.pointee.isAnswered = true
        let bytes = Array(text.utf8)
        guard bytes.count <= Int(size) else { return -1 }
        for (index, byte) in bytes.enumerated() { unsafe buffer[index] = CChar(bitPattern: byte) }
        return Int32(bytes.count)
      }
  }
}
