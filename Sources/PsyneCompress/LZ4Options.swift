internal import PsyneCore

/// How hard LZ4 tries.
public enum LZ4Level: Hashable, Sendable {
  /// LZ4 itself: hundreds of megabytes a second on one processor.
  case fast
  /// LZ4 HC, 1 to 12: ever slower, for somewhat fewer bytes, which are read as fast as those of ``fast``.
  /// At 12 there are data that take a second for a megabyte.
  case high(Int)
  /// By what the wire takes and what compressing costs and saves: not at all, as ``fast`` or as ``hc``. Until
  /// the wire has shown to be faster, as ``fast``.
  case auto

  /// LZ4 HC at 3, where most of what it gains is gained: 9 takes several times as long.
  public static let hc = LZ4Level.high(3)

  /// Nil is ``fast``, or what ``auto`` begins with.
  var number: Int? {
    if case .high(let number) = self { number } else { nil }
  }
}

extension LZ4Level: OptionValue {
  package static func parse(_ text: String) -> LZ4Level? {
    switch text {
    case "fast": .fast
    case "hc": .hc
    case "auto": .auto
    default: Int.parse(text).flatMap { numbers.contains($0) ? .high($0) : nil }
    }
  }

  static let numbers = 1...12
  package static var kind: String { "level" }
  package static var advice: String { "write fast, hc, auto, or a number from 1 to 12" }
  package var spelling: String {
    switch self {
    case .fast: "fast"
    case .high(let number): "\(number)"
    case .auto: "auto"
    }
  }
}

/// What can be set for `lz4`, in code or in an address, which has the last word. Each side has its own
/// but for ``dictionary``. `docs/compression.md` says when to change what.
public struct LZ4Options: Hashable, Sendable {
  /// Whether the bytes of elements are shuffled before they are compressed: for messages whose elements are
  /// numbers or structs; others have nothing to shuffle.
  public enum Shuffle: String, Hashable, Sendable, CaseIterable {
    /// Where it makes them fewer, which is tried at first, and again now and then. The default.
    case auto
    case yes
    case no
  }

  public var level = LZ4Level.fast
  /// What both sides know beforehand.
  public var dictionary: LZ4Dictionary?
  public var shuffle = Shuffle.auto
  /// For how long messages that fill no block of 64 KiB wait for more, which makes the block larger, and so the
  /// bytes fewer: up to a second. Zero, the default, is not at all.
  public var batch: Duration = .zero

  public init() {}

  static let names = ["level", "dictionary", "shuffle", "batch"]

  /// Adds what an address says.
  func merging(_ address: ChannelAddress) throws(TransportError) -> LZ4Options {
    var merged = self
    for option in address.options {
      switch option.name {
      case "level": merged.level = try value(option, address)
      case "dictionary": merged.dictionary = try LZ4Dictionary(path: option.value)
      case "shuffle": merged.shuffle = try value(option, address)
      case "batch": merged.batch = try value(option, address)
      default: break
      }
    }
    if let number = merged.level.number, !LZ4Level.numbers.contains(number) {
      throw TransportError(
        .invalidOption,
        "'\(address)' cannot be had: level \(number) is out of range: 1 to 12, or fast")
    }
    guard (.zero ... .seconds(1)).contains(merged.batch) else {
      throw TransportError(
        .invalidOption,
        "'\(address)' cannot be had: batch \(merged.batch) is out of range: it can be 1us to 1s, or nothing"
      )
    }
    return merged
  }

  private func value<Value: OptionValue>(
    _ option: ChannelAddress.Option, _ address: ChannelAddress
  ) throws(TransportError) -> Value {
    var value: Value?
    try ChannelOptions.merge(option, address, into: &value)
    guard let value else { preconditionFailure("a merged option has a value") }
    return value
  }
}

extension LZ4Options.Shuffle: OptionValue {
  package static var kind: String { "way to shuffle" }
}
