import CPsyne
import Glibc
import PsyneCore
import PsyneTCP
import PsyneTLS

/// One connection: what has come is sent back before more is taken.
final class Echo {
  let name: String
  private let stream: TLSStream
  private let socket: Socket
  private var memory = [UInt8](repeating: 0, count: 64 << 10)
  private var held = 0..<0
  private var state = State.talking
  /// When it is over if nothing happens.
  private(set) var deadline: Int64

  private enum State {
    case talking
    /// We have said our last. What still comes is dropped: a socket that is closed with something unread
    /// could take our last words with it.
    case leaving
  }

  enum Turn {
    /// The socket has to become ready.
    case waits
    /// It has had its turn, and has more to do.
    case goesOn
    /// - Parameter reason: nil for a good end.
    case over(_ reason: String?)
  }

  /// As long as a stranger at `tcp://` has for its hello.
  private static let handshake: Int64 = 3_000_000_000
  private static let linger: Int64 = 2_000_000_000
  /// So much is done before others have their turn.
  private static let steps = 4

  init(_ stream: TLSStream, _ socket: Socket) {
    self.stream = stream
    self.socket = socket
    name = socket.peerName
    deadline = cpsyne_monotonic_ns() + Self.handshake
  }

  func turn() -> Turn {
    for _ in 0..<Self.steps {
      if let turn = state == .talking ? talk() : leave() { return turn }
    }
    return .goesOn
  }

  /// The listener ends. What the other side has not got yet it does not get.
  func end() {
    if state == .talking { stream.finishSending() }
    socket.close()
  }

  /// Nil if there may be more to do.
  private func talk() -> Turn? {
    while !held.isEmpty {
      let count = unsafe memory.withUnsafeBytes { bytes in
        unsafe stream.send(
          UnsafeRawBufferPointer(rebasing: bytes[held]),
          UnsafeRawBufferPointer(start: nil, count: 0))
      }
      guard count > 0 else { return outcome() }
      held = held.lowerBound + count..<held.upperBound
    }
    guard stream.flush() == 0 else { return outcome() }
    let count = unsafe memory.withUnsafeMutableBytes { bytes in
      unsafe stream.receive(bytes, UnsafeMutableRawBufferPointer(start: nil, count: 0))
    }
    if count > 0 {
      // Whoever is through the handshake may be silent for as long as it likes.
      deadline = .max
      held = 0..<count
      return nil
    }
    guard count == 0 else { return outcome() }
    sayLast()
    return nil
  }

  /// What a call that did nothing means.
  private func outcome() -> Turn? {
    if errno == EINTR { return .goesOn }
    if let failure = stream.failure {
      say("\(name): \(failure.message)\n", to: 2)
      sayLast()
      return nil
    }
    guard errno == EAGAIN || errno == EWOULDBLOCK else { return .over(Self.text(errno)) }
    if stream.isEstablished { deadline = .max }
    return .waits
  }

  private func sayLast() {
    stream.finishSending()
    state = .leaving
    deadline = cpsyne_monotonic_ns() + Self.linger
  }

  private func leave() -> Turn? {
    let count = unsafe memory.withUnsafeMutableBytes { bytes in
      unsafe socket.receive(bytes, UnsafeMutableRawBufferPointer(start: nil, count: 0))
    }
    if count > 0 || count < 0 && errno == EINTR { return nil }
    if count < 0, errno == EAGAIN || errno == EWOULDBLOCK { return .waits }
    return .over(nil)
  }

  private static func text(_ number: Int32) -> String {
    unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
  }
}
