import PsyneCore
import PsyneIPC
import TestSupport
import Testing

/// Segments with random bytes in any part of them, of every kind.
@Suite("Random segments")
struct RandomSegmentTests {
  typealias Company = HostileSegmentTests.Company

  @Test(
    "random bytes in any part of thousands of segments make errors, never a crash or a hang",
    arguments: Company.allCases)
  func single(company: Company) throws {
    try scramble(SPSCChannel<Bytes>.self, company, rounds: isVerifying ? 50_000 : 3000)
  }

  @Test("so do they in channels of every other kind", arguments: Company.allCases)
  func several(company: Company) throws {
    let rounds = isVerifying ? 20_000 : 1000
    try scramble(MPSCChannel<Bytes>.self, company, rounds: rounds)
    try scramble(SPMCChannel<Bytes>.self, company, rounds: rounds)
    try scramble(MPMCChannel<Bytes>.self, company, rounds: rounds)
    try scramble(BroadcastChannel<Bytes>.self, company, rounds: rounds)
  }

  private func scramble<Opened: Channel>(
    _ channel: Opened.Type, _ company: Company, rounds: Int
  ) throws where Opened.Body == Bytes {
    let seed = makeSeed("scramble(\(Opened.kind), \(company))")
    var random = SeededGenerator(seed: seed)
    var outcomes: [String: Int] = [:]
    let place = try Place()
    let words = HostileWords(.several(Opened.kind, capacity: 4096))
    for _ in 0..<rounds {
      var image = SegmentImage(shape: words.shape)
      for number: UInt8 in 0..<5 { image.send([number, 0, 0, 0, 0, 0, 0, 0]) }
      if Opened.kind == .broadcast { Self.openTerm(&image) }
      Self.scramble(&image, words, &random)
      try writeFile(place.path("c"), image.bytes)
      let party = company == .alive ? try HeldLock.ofParty(path: place.path("c")) : nil
      outcomes[try use(channel, place), default: 0] += 1
      _ = party
    }
    print(
      "scramble(\(Opened.kind), \(company)): \(rounds) segments: "
        + "\(outcomes.sorted { $0.value > $1.value }.prefix(20))")
    // The damage reached more than one layer; where nobody uses them, most segments are replaced.
    #expect(outcomes.count > (company == .alive ? 3 : 1))
  }

  /// Makes the first lane a broadcast's current term.
  private static func openTerm(_ image: inout SegmentImage) {
    image.put(UInt64(1), at: SegmentLayout.headers + ChannelLayout.term)
    image.put(UInt64(1), inLane: LaneLayout.term)
    image.put(Int64(-1), inLane: LaneLayout.termEnd)
  }

  private static func scramble(
    _ image: inout SegmentImage, _ words: HostileWords, _ random: inout SeededGenerator
  ) {
    switch Int.random(in: 0..<7, using: &random) {
    case 0:
      let start = Int.random(in: 8..<80, using: &random)
      image.scramble(start..<start + Int.random(in: 1...8, using: &random), with: &random)
    case 1: image.scramble(SegmentLayout.parties..<SegmentLayout.parties + 4096, with: &random)
    case 2, 3:
      // A few words, small or any, so that some are nearly right.
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let value =
          Int64(truncatingIfNeeded: random.next()) >> Int64.random(in: 0..<64, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: image.put(UInt32(truncatingIfNeeded: value), at: random.pick(words.words))
        case 1:
          // How many units were claimed, and by whom.
          let units = UInt64.random(in: 0...12, using: &random)
          let claim = units << 6 | UInt64.random(in: 0...4, using: &random)
          image.put(claim, at: random.pick(words.claims))
        default:
          image.put(
            value & (Bool.random(using: &random) ? ~7 : ~0), at: random.pick(words.positions))
        }
      }
    case 4:
      let start = Int.random(
        in: words.headers.lowerBound..<words.headers.upperBound - 1024, using: &random)
      image.scramble(start..<start + 1024, with: &random)
    case 5:
      let start = image.data + Int.random(in: 0..<80, using: &random)
      image.scramble(start..<start + Int.random(in: 1...8, using: &random), with: &random)
    default: image.truncate(to: Int.random(in: 0..<image.bytes.count, using: &random))
    }
  }

  /// Opens it, claims ends, receives and sends as far as it goes; says how far that was.
  private func use<Opened: Channel>(
    _ channel: Opened.Type, _ place: Place
  ) throws -> String where Opened.Body == Bytes {
    let channel: Opened
    do throws(TransportError) {
      channel = try place.open("c", as: Opened.self, capacity: 4096)
    } catch {
      return "open: \(error.code)"
    }
    _ = try? IPCTransport(directory: place.directory.path).report(on: "ipc://c")
    _ = channel.statistics
    var outcome = receive(channel)
    if channel.consumers > 1 { outcome += receive(channel) }
    do throws(TransportError) {
      var sender = try channel.sender()
      do throws(ChannelError) {
        for length in 0..<300 {
          try sender.send(copying: [UInt8](repeating: 1, count: length).span, timeout: .zero)
        }
      } catch {
        outcome += "sender: \(error)"
      }
    } catch {
      outcome += "sender: \(error.code)"
    }
    return outcome
  }

  private func receive<Opened: Channel>(
    _ channel: Opened
  ) -> String where Opened.Body == Bytes {
    do throws(TransportError) {
      var receiver = try channel.receiver()
      for _ in 0..<1000 {
        do throws(ChannelError) {
          let message = try receiver.receive(timeout: .zero)
          guard let message else { return "receiver: closed; " }
          _ = message.elements.indices.reduce(0 as UInt8) { $0 &+ message.elements[$1] }
        } catch {
          return "receiver: \(error); "
        }
      }
      return ""
    } catch {
      return "receiver: \(error.code); "
    }
  }
}
