internal import PsyneCore

/// What somebody who wants to connect says to the listener: how its private channels are called.
struct Announcement: FixedSizeMessage, Hashable {
  static let messageType: MessageType = 0x5053_594e
  var low: UInt64
  var high: UInt64

  static func random() -> Announcement {
    Announcement(low: .random(in: 0 ... .max), high: .random(in: 0 ... .max))
  }

  private var token: String {
    [high, low].map { number in
      let digits = String(number, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  /// Channels of one connection. They belong to the one that connects, and only who has been told the
  /// token finds them.
  struct Channels {
    /// What is sent to the listener, and by it.
    let up, down: String
    /// What one side says beside messages, and by whose end it notices that the other is gone.
    let upLife, downLife: String

    var all: [String] { [up, down, upLife, downLife] }
  }

  func channels(of name: String) -> Channels {
    let base = "\(name).\(token)"
    return Channels(
      up: "\(base).up", down: "\(base).down", upLife: "\(base).life", downLife: "\(base).answer")
  }

  /// The longest that a name may be for these to be names as well.
  static let longestName = ChannelAddress.maximumNameBytes - 1 - 32 - 7
}

extension Announcement {
  /// That of the connection which a channel belongs to.
  ///
  /// - Parameter nameOfChannel: what follows the listener's name and a dot.
  init?(nameOfChannel: String) {
    let bytes = nameOfChannel.utf8
    // In the digits that we write: none but those are looked for again.
    guard bytes.prefix(32).allSatisfy({ 48...57 ~= $0 || 97...102 ~= $0 }),
      Self.suffixes.contains(where: { bytes.dropFirst(32).elementsEqual($0.utf8) }),
      let high = UInt64(nameOfChannel.prefix(16), radix: 16),
      let low = UInt64(nameOfChannel.dropFirst(16).prefix(16), radix: 16)
    else { return nil }
    self.init(low: low, high: high)
  }

  private static let suffixes = [".up", ".down", ".life", ".answer"]
}
