internal import PsyneCore
internal import Synchronization

/// What anybody may ask of a connection about the way of its bytes.
struct Means: Sendable {
  var identity: PeerIdentity?
  var details: ConnectionDetails
  /// What counts what the codec does over the socket that is there, and what it has done over those before.
  var tallies: CodecTallies?
  var past = CodecStatistics()

  /// Nil where there is no codec.
  var statistics: CodecStatistics? {
    guard let tallies else { return nil }
    var sum = past
    sum += tallies.statistics
    return sum
  }
}

extension TCPConnection {
  /// Under the baton. Of a connector, who and how is known when they have met.
  func noteMeans() {
    guard let stream else { return }
    let (found, tallies) = (streams.details(of: stream), stream.tallies)
    means.withLock { means in
      means.identity = stream.identity ?? means.identity
      if stream.encryption != nil { means.details = found }
      if let tallies, tallies.outbound !== means.tallies?.outbound {
        if let before = means.tallies { means.past += before.statistics }
        means.tallies = tallies
      }
    }
  }
}
