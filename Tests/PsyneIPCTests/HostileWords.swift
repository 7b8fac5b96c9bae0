import PsyneCore
import PsyneIPC
import TestSupport

/// Where the words lie in a segment that others rely on, each to be overwritten with nonsense.
struct HostileWords {
  let shape: ChannelShape
  /// Of 64 bits.
  let positions: [Int]
  /// Of 32 bits.
  let words: [Int]
  /// Claim words, which have a position and a slot in them.
  let claims: [Int]

  init(_ shape: ChannelShape) {
    self.shape = shape
    var positions = [SegmentLayout.headers + ChannelLayout.term]
    var words: [Int] = []
    var claims: [Int] = []
    for slot in 0..<shape.consumers {
      words += [
        ChannelLayout.parked, ChannelLayout.attached, ChannelLayout.ending,
        ChannelLayout.endings, ChannelLayout.party, ChannelLayout.evicted,
      ].map { SegmentLayout.slot(slot) + $0 }
    }
    for index in 0..<shape.lanes {
      let lane = SegmentLayout.lane(index, of: shape)
      positions += [
        LaneLayout.tail, LaneLayout.head, LaneLayout.senderEndPosition, LaneLayout.claim,
        LaneLayout.counted, LaneLayout.term, LaneLayout.termStart, LaneLayout.termMessages,
        LaneLayout.termEnd,
        LaneLayout.termEndMessages,
      ].map { lane + $0 }
      words += [
        LaneLayout.receiversParked, LaneLayout.senderParked, LaneLayout.senderAttached,
        LaneLayout.senderEnding, LaneLayout.senderEndings, LaneLayout.senderParty,
        LaneLayout.seenEndings,
      ].map { lane + $0 }
      for slot in 0..<shape.consumers {
        positions += [
          CursorLayout.done, CursorLayout.claimed, CursorLayout.confirmed, CursorLayout.handed,
          CursorLayout.released, CursorLayout.pinned,
        ].map { lane + LaneLayout.cursor(slot, $0) }
      }
      claims.append(lane + LaneLayout.claim)
    }
    self.positions = positions
    self.words = words
    self.claims = claims
  }

  /// Where the data of the lanes lies.
  var data: Range<Int> { SegmentLayout.data(of: shape)..<SegmentLayout.fileBytes(of: shape) }

  /// Of the headers.
  var headers: Range<Int> { SegmentLayout.headers..<SegmentLayout.data(of: shape) }
}
