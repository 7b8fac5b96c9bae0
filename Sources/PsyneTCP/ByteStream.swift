package import PsyneCore

/// What a connection's bytes pass on their way between its link and its socket. Used by one thread at a time.
///
/// The functions answer as those of a socket do: with a number of bytes, or a negative one and `errno`; then
/// ``failure`` may know more.
package protocol ByteStream: AnyObject {
  /// How many of the bytes were taken. They need not be on their way: see ``flush()``. None are while
  /// something has to come first, as in a handshake.
  func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) -> Int
  /// How many bytes came, first into `first`; 0 at the end of the stream. It may have to send for that.
  /// `EINTR`: there may be more, but others should have their turn before it is asked again.
  func receive(
    _ first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer
  ) -> Int
  /// Hands on what was taken and is not on its way; negative, and `errno`, while something is left.
  func flush() -> Int
  /// Gives back memory that holds nothing.
  func relax()
  /// Nothing more will be sent: the other side is told.
  func finishSending()

  /// Whether less than was asked for means that there is no more now. Else one asks on until `EAGAIN`: what
  /// was read ahead is told of by no socket.
  var isDirect: Bool { get }
  /// Why it goes no further, where the system did not say so.
  var failure: LinkError? { get }
  /// Who the other side has shown to be; nil before it has, and where nobody asks.
  var identity: PeerIdentity? { get }
  /// How it is encrypted; nil before that is agreed on, and where nothing is.
  var encryption: ConnectionEncryption? { get }
  /// Bytes that were taken and have not left this machine, as far as is known.
  var unsentBytes: Int { get }
  /// What counts what a codec does, out and in; nil where there is none.
  var tallies: CodecTallies? { get }
}

extension ByteStream {
  package var encryption: ConnectionEncryption? { nil }
  package var tallies: CodecTallies? { nil }
}

/// What counts what a codec does, over one socket.
package struct CodecTallies: Sendable {
  let outbound: CodecTally
  let inbound: CodecTally

  var statistics: CodecStatistics {
    CodecStatistics(outbound: outbound.counters, inbound: inbound.counters)
  }
}

/// Makes the stream over a socket: encrypts.
package protocol StreamMaker: Sendable {
  /// Names of the options that it takes in an address.
  var optionNames: [String] { get }
  /// The same as an address wants it, for listening or connecting there.
  func merging(_ address: ChannelAddress, host: String, listens: Bool) throws(TransportError)
    -> Self
  /// Called for each socket of an address, on a thread that serves others too.
  ///
  /// - Precondition: ``merging(_:host:listens:)`` has made this one.
  func stream(over socket: Socket) throws(TransportError) -> any ByteStream
}

/// A socket alone.
final class SocketStream: ByteStream {
  private let socket: Socket

  init(_ socket: Socket) { self.socket = socket }

  func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) -> Int {
    unsafe socket.send(head, body)
  }

  func receive(
    _ first: UnsafeMutableRawBufferPointer, _ second: UnsafeMutableRawBufferPointer
  ) -> Int { unsafe socket.receive(first, second) }

  func flush() -> Int { 0 }
  func relax() {}
  func finishSending() { socket.finishSending() }

  var isDirect: Bool { true }
  var failure: LinkError? { nil }
  var identity: PeerIdentity? { nil }
  var unsentBytes: Int { socket.unsentBytes }
}
