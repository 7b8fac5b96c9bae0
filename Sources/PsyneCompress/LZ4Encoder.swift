public import PsyneCore

/// Compresses the blocks of one direction of one connection.
///
/// A block that would not shrink by a 32nd passes as it is. After four in a row, blocks are left out: of two,
/// four, … 32 only one is tried, until one pays. Those that are left out cost a copy, into the history, and
/// nothing is compressed; they are history nevertheless, which LZ4 learns at the next try. With
/// ``LZ4Level/auto`` all are left out while the wire takes them as fast as they could be compressed.
///
/// The history is what LZ4 was given: shuffled blocks are in it shuffled, and those that passed as they are.
/// That is what the decoder knows without being told more than the order of each block.
public final class LZ4Encoder: BlockEncoder {
  /// What it has done. Any thread may ask.
  public var counters: CodecCounters { counts.counters }
  public var tally: CodecTally? { counts }
  private let counts = CodecTally("shuffled", "hard")

  private var level: LZ4Level
  /// Nil where the level is what it is.
  private var levelChoice: LevelChoice?
  private let compressor: Compressor
  private var backoff = Backoff()
  private var choice: ShuffleChoice
  /// Does what the compressor does not, while the choice is on trial.
  private var rival: Compressor?
  /// Bytes so far.
  private var position: UInt64 = 0
  /// To be named in the first block that is compressed.
  private var unnamed: LZ4Dictionary?

  init(_ options: LZ4Options, elementSize: Int) {
    level = options.level == .auto ? .fast : options.level
    levelChoice = options.level == .auto ? LevelChoice() : nil
    choice = ShuffleChoice(options.shuffle, elementSize: elementSize)
    unnamed = options.dictionary
    compressor = Compressor(level, dictionary: options.dictionary?.bytes ?? [])
  }

  public func encode(_ block: Span<UInt8>, into encoded: inout MutableSpan<UInt8>) -> Int? {
    precondition(
      1...Window.blockBytes ~= block.count, "a block has 1 to \(Window.blockBytes) bytes")
    let start = Syscalls.monotonicNanoseconds()
    let compresses = levelChoice?.effort != LevelChoice.Effort.none
    let made = compresses && backoff.tries() ? attempt(block, &encoded) : nil
    if made == nil {
      compressor.keepPlain(block)
      rival?.keepPlain(block)
    }
    if !choice.isOnTrial { rival = nil }
    position &+= UInt64(block.count)
    let end = Syscalls.monotonicNanoseconds()
    counts.add(plain: block.count, wire: made, nanoseconds: end - start)
    if made != nil, level != .fast { counts.add(own: 1) }
    levelChoice?.encoded(block.count, wire: made ?? block.count, from: start, to: end)
    followChoice()
    return made
  }

  public var wantsWireSpeed: Bool { levelChoice != nil }

  public func wireMoved(_ sample: WireSample) { levelChoice?.wireMoved(sample) }

  /// Compresses as hard as was chosen.
  private func followChoice() {
    guard let effort = levelChoice?.effort, effort != .none else { return }
    let chosen = effort == .high ? LZ4Level.hc : .fast
    guard chosen != level else { return }
    level = chosen
    compressor.turn(to: chosen)
    rival?.turn(to: chosen)
  }

  /// - Returns: nil if it does not pay. The block is history otherwise.
  private func attempt(_ block: Span<UInt8>, _ encoded: inout MutableSpan<UInt8>) -> Int? {
    let head = BlockHead.bytes(dictionary: unnamed)
    func pays(_ count: Int) -> Bool {
      count > 0 && head + count + max(1, block.count / 32) <= min(block.count, encoded.count)
    }
    // Few elements have little in common, and one that fails costs the stream's tables.
    let isShort = block.count < Backoff.evidenceBytes
    var order = isShort ? .plain : choice.order(at: position)
    var count = compressor.compress(block, order)
    if pays(count) {
      if isShort { rival?.keepPlain(block) } else { consider(block, own: head + count) }
    } else {
      if !isShort, choice.isOpen {
        order = choice.otherOrder(at: position)
        count = compressor.compress(block, order)
        choice.failed(block.count, other: pays(count) ? head + count : nil)
      }
      guard pays(count) else {
        backoff.failed(bytes: block.count)
        return nil
      }
      rival?.keepPlain(block)
    }
    backoff.paid()
    if order.width > 1 { counts.add(own: 0) }
    BlockHead.write(width: order.width, dictionary: unnamed, to: &encoded)
    compressor.copy(count, to: &encoded, at: head)
    compressor.keep(block.count)
    unnamed = nil
    return head + count
  }

  /// Has the rival do the block too, if the choice is on trial.
  private func consider(_ block: Span<UInt8>, own: Int) {
    if choice.beginsTrial() {
      // The first has no history but this; later ones come by theirs.
      rival = Compressor(level, dictionary: unnamed?.bytes ?? [])
    }
    guard let rival else { return choice.paid(block.count, own: own, other: nil) }
    let order = choice.otherOrder(at: position)
    let count = rival.compress(block, order)
    let isFewer = count > 0 && count + 1 < block.count
    if isFewer { rival.keep(block.count) } else { rival.keepPlain(block) }
    choice.paid(block.count, own: own, other: isFewer ? count + 1 : block.count)
  }
}
