import COpenSSL
import PsyneCore
@testable import PsyneTLS
import TestSupport

/// One end of a connection that is all in memory.
protocol Party: AnyObject {
  /// Takes encrypted bytes; returns how many.
  func take(_ bytes: ArraySlice<UInt8>) -> Int
  /// Up to so many encrypted bytes.
  func give(_ limit: Int) -> [UInt8]
  /// Nothing more comes.
  func end()
  /// Does what can be done now.
  func step()
}

/// A session, with what its program would send and has received.
final class End: Party {
  let session: TLSSession
  var outgoing: ArraySlice<UInt8> = []
  private(set) var received: [UInt8] = []
  private(set) var error: TLSError?
  private(set) var hasEnded = false
  /// The sizes of the pieces in which it reads and writes.
  var pieces = 1...65536
  var random: SeededGenerator

  init(_ session: TLSSession, seed: UInt64 = 1) {
    self.session = session
    random = SeededGenerator(seed: seed)
  }

  func take(_ bytes: ArraySlice<UInt8>) -> Int {
    let room = unsafe session.room
    let count = min(room.count, bytes.count)
    unsafe room.copyBytes(from: bytes.prefix(count))
    session.came(count)
    return count
  }

  func give(_ limit: Int) -> [UInt8] {
    let bytes = unsafe Array(session.pending.prefix(limit))
    session.sent(bytes.count)
    return bytes
  }

  func end() { session.ended() }

  func step() {
    do throws(TLSError) {
      try read()
      try write()
    } catch {
      self.error = error
    }
  }

  private func read() throws(TLSError) {
    while !hasEnded {
      let sizes = (Int.random(in: pieces, using: &random), Int.random(in: pieces, using: &random))
      let (outcome, bytes) = try session.readSome(sizes.0, sizes.1)
      received += bytes
      switch outcome {
      case .bytes: continue
      case .ended: hasEnded = true
      case .wantsMore: return
      }
    }
  }

  private func write() throws(TLSError) {
    while !outgoing.isEmpty {
      let head = Array(outgoing.prefix(.random(in: pieces, using: &random)))
      let body = Array(
        outgoing.dropFirst(head.count).prefix(.random(in: pieces, using: &random)))
      let count = try session.writeAll(head, body)
      outgoing = outgoing.dropFirst(count)
      if count == 0 { return }
    }
  }

  /// In a function: the tests' own comparison writes both into its report.
  func hasReceived(_ bytes: [UInt8]) -> Bool { received == bytes }

  func forgetReceived() { received = [] }
}

extension TLSSession {
  func writeAll(_ head: [UInt8], _ body: [UInt8]) throws(TLSError) -> Int {
    let result = unsafe head.withUnsafeBytes { head in
      unsafe body.withUnsafeBytes { body in
        Result<Int, TLSError> { () throws(TLSError) in try unsafe write(head, body) }
      }
    }
    return try result.get()
  }

  /// Reads into two pieces of so many bytes.
  func readSome(_ first: Int, _ second: Int) throws(TLSError) -> (Outcome, [UInt8]) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: first + second, alignment: 1)
    defer { unsafe memory.deallocate() }
    let outcome = try unsafe read(
      into: UnsafeMutableRawBufferPointer(rebasing: memory[..<first]),
      UnsafeMutableRawBufferPointer(rebasing: memory[first...]))
    guard case .bytes(let count) = outcome else { return (outcome, []) }
    return (outcome, unsafe Array(memory.prefix(count)))
  }
}

/// OpenSSL as it comes, for what our own sessions never do.
@safe
final class RawPeer: Party {
  let ssl: OpaquePointer
  private let input = unsafe BIO_new(BIO_s_mem())
  private let output = unsafe BIO_new(BIO_s_mem())
  var outgoing: [UInt8] = []
  private(set) var received: [UInt8] = []
  private(set) var isEstablished = false
  /// Whether the other side has said goodbye.
  var hasEnded: Bool { unsafe SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 }
  /// The library's words for what went wrong.
  private(set) var error: String?
  /// The alert that the other side has sent.
  private(set) var alert: Int32?

  init(isServer: Bool, _ configure: (OpaquePointer) -> Void) {
    let method = isServer ? unsafe TLS_server_method() : unsafe TLS_client_method()
    guard let context = unsafe SSL_CTX_new(method) else { fatalError("no memory") }
    unsafe configure(context)
    guard let ssl = unsafe SSL_new(context) else { fatalError("no memory") }
    unsafe self.ssl = ssl
    unsafe SSL_CTX_free(context)
    unsafe BIO_ctrl(input, BIO_C_SET_BUF_MEM_EOF_RETURN, -1, nil)
    unsafe SSL_set_bio(ssl, input, output)
    if isServer { unsafe SSL_set_accept_state(ssl) } else { unsafe SSL_set_connect_state(ssl) }
  }

  deinit { unsafe SSL_free(ssl) }

  func take(_ bytes: ArraySlice<UInt8>) -> Int {
    let bytes = Array(bytes)
    if !bytes.isEmpty { unsafe BIO_write(input, bytes, Int32(bytes.count)) }
    return bytes.count
  }

  func give(_ limit: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = unsafe BIO_read(output, &bytes, Int32(limit))
    return Array(bytes.prefix(max(0, Int(count))))
  }

  func end() { unsafe BIO_ctrl(input, BIO_C_SET_BUF_MEM_EOF_RETURN, 0, nil) }

  func step() {
    guard error == nil else { return }
    ERR_clear_error()
    if !isEstablished {
      let result = unsafe SSL_do_handshake(ssl)
      guard result == 1 else { return note(result) }
      isEstablished = true
    }
    if !outgoing.isEmpty {
      let count = unsafe SSL_write(ssl, outgoing, Int32(outgoing.count))
      if count > 0 { outgoing.removeFirst(Int(count)) }
    }
    var buffer = [UInt8](repeating: 0, count: 16384)
    while true {
      let count = unsafe SSL_read(ssl, &buffer, Int32(buffer.count))
      guard count > 0 else { return note(count) }
      received += buffer.prefix(Int(count))
    }
  }

  private func note(_ result: Int32) {
    guard unsafe SSL_get_error(ssl, result) == SSL_ERROR_SSL else { return }
    let code = ERR_peek_error()
    error = unsafe String(cString: ERR_reason_error_string(code))
    let alert = ERR_GET_REASON(code) - copenssl_reason_alert_offset()
    if alert >= 0 { self.alert = alert }
  }
}

/// Somebody who says what is prepared, whatever it hears.
final class Parrot: Party {
  var outgoing: [UInt8]
  private(set) var heard: [UInt8] = []

  init(_ outgoing: [UInt8]) { self.outgoing = outgoing }

  func take(_ bytes: ArraySlice<UInt8>) -> Int {
    heard += bytes
    return bytes.count
  }

  func give(_ limit: Int) -> [UInt8] {
    defer { outgoing.removeFirst(min(limit, outgoing.count)) }
    return Array(outgoing.prefix(limit))
  }

  func end() {}
  func step() {}
}

/// Carries bytes between two parties until neither has more for the other.
///
/// - Parameters:
///   - pieces: how many bytes at once.
///   - change: what becomes of the bytes on the way from `a` to `b`.
func pump(
  _ a: any Party, _ b: any Party, pieces: ClosedRange<Int> = 1...65536, seed: UInt64 = 1,
  change: (inout [UInt8]) -> Void = { _ in }
) {
  var random = SeededGenerator(seed: seed)
  var (toA, toB): (ArraySlice<UInt8>, ArraySlice<UInt8>) = ([], [])
  while true {
    a.step()
    b.step()
    var moved = false
    if toB.isEmpty {
      var bytes = a.give(.random(in: pieces, using: &random))
      change(&bytes)
      toB = bytes[...]
    }
    if toA.isEmpty { toA = b.give(.random(in: pieces, using: &random))[...] }
    let count = b.take(toB)
    toB = toB.dropFirst(count)
    let other = a.take(toA)
    toA = toA.dropFirst(other)
    moved = count > 0 || other > 0
    if !moved, toA.isEmpty, toB.isEmpty { break }
  }
  a.step()
  b.step()
}
