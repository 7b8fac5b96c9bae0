internal import PsyneCompress
internal import PsyneCore

/// Runs what a stranger could send to a decoder of `lz4`, and traps if it does what it must not do whatever
/// comes: write beside the block, accept what a second decoder does not, or make something else of it.
///
/// An input is a ``Script``: a byte of settings, then steps.
public enum CodecFuzz {
  /// What came of an input, to compare.
  public struct Outcome: Equatable, Sendable {
    /// Blocks that were decoded.
    public var decoded = 0
    /// Blocks that came as they are.
    public var passed = 0
    /// Bytes of both.
    public var bytes = 0
    /// FNV-1a of them.
    public var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    /// Why it ended early.
    public var error: String?

    public init() {}

    mutating func add(_ block: ArraySlice<UInt8>) {
      bytes += block.count
      for byte in block { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
  }

  @discardableResult
  public static func run(_ input: [UInt8]) -> Outcome {
    var script = Script(input)
    let run = DecoderRun(Setting(script.byte()))
    // Work, not steps, ends a run: an input of a kilobyte can ask for many times the longest block.
    while !script.isOver, run.outcome.error == nil, run.outcome.bytes < 1 << 20 {
      run.take(Step(script.byte()), &script)
    }
    return run.outcome
  }

  /// What must hold.
  static func expect(_ isSo: Bool, _ what: @autoclosure () -> String) {
    if !isSo { fatalError("the codec is wrong: \(what())") }
  }

  /// What both sides of some inputs know beforehand.
  static let dictionary = Array(
    #"{"robot":"r2","state":"moving","battery":99,"position":[1.5,2.5],"ok":true}"#.utf8)

  static func options(_ setting: Setting) -> LZ4Options {
    var options = LZ4Options()
    options.shuffle = setting.shuffles ? .yes : .auto
    if setting.hasDictionary {
      do {
        options.dictionary = try LZ4Dictionary(dictionary)
      } catch {
        fatalError("no dictionary: \(error)")
      }
    }
    return options
  }
}

/// A decoder, what it should be, and an encoder that has seen the same blocks.
final class DecoderRun {
  private(set) var outcome = CodecFuzz.Outcome()
  private let decoder: any BlockDecoder
  private let encoder: any BlockEncoder
  private var model: ModelDecoder
  /// Whether the encoder has made all that the decoder has got.
  private var isHonest = true

  init(_ setting: Setting) {
    let codec = LZ4Codec(CodecFuzz.options(setting))
    decoder = codec.makeDecoder(elementSize: setting.elementSize)
    encoder = codec.makeEncoder(elementSize: setting.elementSize)
    model = ModelDecoder(
      width: setting.elementSize, dictionary: setting.hasDictionary ? CodecFuzz.dictionary : nil)
  }

  func take(_ step: Step, _ script: inout Script) {
    switch step {
    case .passed:
      let count = script.word()
      let bytes = script.take(count)
      isHonest = false
      pass(bytes.isEmpty ? [0] : bytes)
    case .encoded:
      let size = script.word() + 1
      let count = script.word()
      isHonest = false
      decode(script.take(count), size: size)
    case .honest: tell(&script, isDamaged: false)
    case .damaged: tell(&script, isDamaged: true)
    }
  }

  private func tell(_ script: inout Script, isDamaged: Bool) {
    let size = script.word() + 1
    let count = script.word()
    let pattern = script.take(count)
    let block = (0..<size).map { pattern.isEmpty ? 0 : pattern[$0 % pattern.count] }
    var encoded = [UInt8](repeating: 0, count: size)
    var span = encoded.mutableSpan
    guard let made = encoder.encode(block.span, into: &span) else {
      if isDamaged { _ = (script.word(), script.byte()) }
      return pass(block)
    }
    CodecFuzz.expect((2..<size).contains(made), "\(size) bytes have become \(made)")
    encoded.removeLast(size - made)
    if isDamaged {
      encoded[script.word() % made] ^= script.byte()
      isHonest = false
    }
    let before = isHonest
    let decoded = decode(encoded, size: size)
    CodecFuzz.expect(!before || decoded == block[...], "what was sent is not what has come")
  }

  private func pass(_ block: [UInt8]) {
    decoder.passed(block.span)
    model.passed(block)
    outcome.passed += 1
    outcome.add(block[...])
  }

  /// - Returns: nil for an error.
  @discardableResult
  private func decode(_ encoded: [UInt8], size: Int) -> ArraySlice<UInt8>? {
    let guarded = 64
    var memory = [UInt8](repeating: 0xa5, count: size + 2 * guarded)
    do throws(CodecError) {
      var whole = memory.mutableSpan
      var block = whole._mutatingExtracting(guarded..<guarded + size)
      try decoder.decode(encoded.span, into: &block)
    } catch {
      outcome.error = error.message
    }
    CodecFuzz.expect(
      (memory.prefix(guarded) + memory.suffix(guarded)).allSatisfy { $0 == 0xa5 },
      "something was written beside the block")
    guard outcome.error == nil else { return nil }
    let block = memory[guarded..<guarded + size]
    CodecFuzz.expect(
      model.decode(encoded, size: size).map { $0[...] == block } ?? false,
      "a block was made of what does not make it")
    outcome.decoded += 1
    outcome.add(block)
    return block
  }
}
