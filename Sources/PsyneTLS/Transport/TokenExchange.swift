internal import Glibc
internal import PsyneCore

/// What both sides say to each other about a token before anything else. Each says 40 bytes; the connector
/// begins.
struct TokenExchange {
  let tokens: [TLSToken]
  private var heard: [UInt8] = []
  private var toSay: [UInt8] = []
  private var hasProved = false
  private(set) var isDone = false

  init(_ tokens: [TLSToken]) { self.tokens = tokens }

  enum Step {
    case done
    /// Bytes have to come, or to go.
    case wants
    case ended
  }

  /// Does what can be done now.
  mutating func advance(_ session: TLSSession) throws(TLSError) -> Step {
    while true {
      if session.role == .connector, !hasProved, session.isEstablished {
        toSay = try session.proof(of: tokens[0])
        hasProved = true
      }
      try say(session)
      if isDone { return toSay.isEmpty ? .done : .wants }
      switch try hear(session) {
      case .bytes(let count):
        guard count > 0, heard.count == TokenProof.bytes else { continue }
        try judge(session)
      case .wantsMore:
        // The handshake may just have been completed.
        if session.role == .connector, session.isEstablished, !hasProved { continue }
        return .wants
      case .ended: return .ended
      }
    }
  }

  private mutating func say(_ session: TLSSession) throws(TLSError) {
    guard !toSay.isEmpty else { return }
    toSay.removeFirst(try session.say(toSay))
  }

  private mutating func hear(_ session: TLSSession) throws(TLSError) -> TLSSession.Outcome {
    var outcome = Result<TLSSession.Outcome, TLSError>.success(.wantsMore)
    // No more than that: what follows is the link's.
    unsafe withUnsafeTemporaryAllocation(
      byteCount: TokenProof.bytes - heard.count, alignment: 1
    ) { buffer in
      outcome = Result { () throws(TLSError) in
        try unsafe session.read(into: buffer, UnsafeMutableRawBufferPointer(start: nil, count: 0))
      }
      if case .success(.bytes(let count)) = outcome { unsafe heard += buffer.prefix(count) }
    }
    return try outcome.get()
  }

  private mutating func judge(_ session: TLSSession) throws(TLSError) {
    isDone = true
    if session.role == .connector { return try session.check(heard, tokens[0]) }
    guard let token = try session.token(proved: heard, among: tokens) else {
      toSay = TokenProof.refusal
      try say(session)
      session.finish()
      throw TLSError(
        .refused,
        heard.starts(with: TokenProof.magic)
          ? "the other side does not know our token: give both sides the same one"
          : "the other side has no token, and we want one: give it ours")
    }
    toSay = try session.proof(of: token)
  }
}

extension TLSSession {
  /// - Returns: how many of the bytes were taken.
  func say(_ words: [UInt8]) throws(TLSError) -> Int {
    var taken = Result<Int, TLSError>.success(0)
    unsafe words.withUnsafeBytes { bytes in
      taken = Result { () throws(TLSError) in
        try unsafe write(bytes, UnsafeRawBufferPointer(start: nil, count: 0))
      }
    }
    return try taken.get()
  }
}
