/// Whether blocks are shuffled: as whichever way has made fewer bytes of them.
///
/// What it goes by are trials: a second compressor does for a while what the first does not, over the same
/// blocks, and with a history of its own. A sample without history would not do: much of what data shrink by
/// is how they repeat.
struct ShuffleChoice {
  /// Bytes of an element; 1 where there is nothing to choose.
  let width: Int
  /// Whether both ways are open.
  let isOpen: Bool
  private(set) var isShuffled: Bool
  private var trial: Trial?
  /// Bytes from one trial to the next.
  private var spacing = Self.shortest
  private var sinceTrial = 0
  /// What the other way alone has made shorter, one block after the other.
  private var rescued = 0
  private var hasBegun = false
  /// What is made of the blocks of late.
  private var lately = Share()
  /// What was made of them after the last trial.
  private var usually: Share?

  private struct Trial {
    /// Bytes until the second compressor has a history that is worth as much.
    var warmUp: Int
    /// Bytes to be compared.
    var left: Int
    var own = 0
    var other = 0
  }

  private struct Share {
    var bytes = 0
    var made = 0

    /// Whether it is another one by a quarter.
    func differs(from other: Share) -> Bool {
      let (a, b) = (made * other.bytes, other.made * bytes)
      return 4 * a > 5 * b || 4 * b > 5 * a
    }
  }

  /// Bytes between trials, at first, and when one has changed anything.
  static let shortest = 256 << 10
  /// It doubles up to this.
  static let longest = 64 << 20
  /// Bytes from a trial to the next if what passes has become something else.
  static let change = 1 << 20
  /// Bytes of the first trial, for which neither side has a history.
  static let first = 16 << 10

  init(_ option: LZ4Options.Shuffle, elementSize: Int) {
    width = option == .no ? 1 : ByteOrder.width(elementSize: elementSize)
    isOpen = option == .auto && width > 1
    isShuffled = option == .yes && width > 1
  }

  var isOnTrial: Bool { trial != nil }

  func order(at position: UInt64) -> ByteOrder {
    isShuffled ? ByteOrder(width: width, position: position) : .plain
  }

  /// That of the trials.
  func otherOrder(at position: UInt64) -> ByteOrder {
    isShuffled ? .plain : ByteOrder(width: width, position: position)
  }

  /// Whether a trial begins with the next block.
  mutating func beginsTrial() -> Bool {
    guard isOpen, trial == nil else { return false }
    if !hasBegun {
      hasBegun = true
      trial = Trial(warmUp: 0, left: Self.first)
      return true
    }
    guard sinceTrial >= spacing else { return false }
    trial = Trial(warmUp: Window.historyBytes, left: Window.historyBytes)
    return true
  }

  /// A block of `bytes` has become `own`, and `other` in a trial.
  mutating func paid(_ bytes: Int, own: Int, other: Int?) {
    rescued = 0
    if isOpen && trial == nil { notice(bytes, own) }
    count(bytes, own: own, other: other)
  }

  /// A block was worth sending as it is, and has become `other`, if that is fewer, in the other way, which was
  /// then tried too. Twice in a row, and it is the way.
  mutating func failed(_ bytes: Int, other: Int?) {
    count(bytes, own: bytes, other: other ?? bytes)
    rescued = other == nil ? 0 : rescued + 1
    if rescued >= 2 { turn() }
  }

  private mutating func count(_ bytes: Int, own: Int, other: Int?) {
    sinceTrial += bytes
    guard var now = trial, let other else { return }
    if now.warmUp > 0 {
      now.warmUp -= bytes
    } else {
      now.own += own
      now.other += other
      now.left -= bytes
    }
    trial = now
    if now.left <= 0 { end(now) }
  }

  /// Other data may want the other way: they tell by how much they shrink.
  private mutating func notice(_ bytes: Int, _ own: Int) {
    lately.bytes += bytes
    lately.made += own
    guard lately.bytes >= Window.historyBytes else { return }
    if let usually, sinceTrial >= Self.change, lately.differs(from: usually) {
      spacing = Self.shortest
      self.usually = nil
    } else if usually == nil {
      usually = lately
    }
    lately = Share()
  }

  private mutating func end(_ trial: Trial) {
    self.trial = nil
    sinceTrial = 0
    usually = nil
    lately = Share()
    // A little less is not worth a history that is of no more use.
    if trial.other + trial.other / 32 < trial.own {
      turn()
    } else {
      spacing = min(2 * spacing, Self.longest)
    }
  }

  private mutating func turn() {
    isShuffled.toggle()
    trial = nil
    sinceTrial = 0
    spacing = Self.shortest
    usually = nil
    lately = Share()
    rescued = 0
  }
}
