internal import COpenSSL
internal import PsyneCore

/// What the two sides say to each other about a ``TLSToken``, before anything else: the connector its proof, and
/// the listener its own, or a refusal. Each is 40 bytes. A side without a token begins with a hello, and knows by
/// the first bytes that the other one has one.
///
/// ```text
///  0  8 bytes  "PSYTOKEN"
///  8  32       HMAC-SHA-256 of 32 bytes exported for this connection and the sender's role; zeros: refused;
///              zeros but for the first byte, which is 1: the listener has no token
/// ```
package enum TokenProof {
  package static let bytes = 40
  static let magic = Array("PSYTOKEN".utf8)
  /// What a listener answers to one that does not know the token.
  package static let refusal = magic + Array(repeating: 0, count: 32)
  /// What a listener that has no token answers to one that has. It gives nothing away but that.
  package static let none = magic + [1] + Array(repeating: 0, count: 31)
}

extension TLSSession {
  /// What this side says to prove that it knows the token.
  ///
  /// - Precondition: the session is established.
  package func proof(of token: TLSToken) throws(TLSError) -> [UInt8] {
    TokenProof.magic + (try code(token, of: role))
  }

  /// The token that a connector has proved to know; nil if it is none of these. Takes as long for each.
  package func token(proved proof: [UInt8], among tokens: [TLSToken]) throws(TLSError) -> TLSToken?
  {
    var found: TLSToken?
    for token in tokens where try isProof(proof, of: token, by: .connector) { found = token }
    return found
  }

  /// Checks what a listener has answered.
  ///
  /// - Throws: ``TLSError/Code/refused`` if it does not know the token, or says that we do not.
  package func check(_ answer: [UInt8], _ token: TLSToken) throws(TLSError) {
    if ConstantTime.areEqual(answer, TokenProof.refusal) {
      throw TLSError(
        .refused, "the other side has refused our token: give both sides the same one")
    }
    if ConstantTime.areEqual(answer, TokenProof.none) {
      throw TLSError(
        .refused,
        "we have a token, and the other side has none: give both sides the same one, or none")
    }
    guard try isProof(answer, of: token, by: .listener) else {
      throw TLSError(
        .refused,
        "the other side does not know our token: it is not the listener that was meant, or has another token"
      )
    }
  }

  private func isProof(
    _ proof: [UInt8], of token: TLSToken, by role: TLSRole
  ) throws(TLSError) -> Bool {
    // A listener that sends back what it was sent proves nothing: roles differ.
    ConstantTime.areEqual(proof, TokenProof.magic + (try code(token, of: role)))
  }

  private func code(_ token: TLSToken, of role: TLSRole) throws(TLSError) -> [UInt8] {
    let input = try exported("EXPORTER-psyne-token") + [role == .listener ? 2 : 1]
    var code = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    guard
      unsafe HMAC(
        EVP_sha256(), token.secret, Int32(token.secret.count), input, input.count, &code, &count)
        != nil, count == 32
    else { throw TLSError(.failed, "the TLS library failed: \(ErrorQueue.reason)") }
    return Array(code.prefix(32))
  }
}
