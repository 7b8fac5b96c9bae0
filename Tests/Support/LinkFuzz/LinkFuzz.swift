/// Runs what a stranger could send to one side of a link, byte for byte as it comes, and traps if that side
/// does what it must not do whatever comes.
///
/// An input is a ``Script``: a header of two bytes, then steps.
public enum LinkFuzz {
  /// What came of an input, to compare.
  public struct Outcome: Equatable, Sendable {
    /// Bytes that the link was given.
    public var came = 0
    /// Messages that its program has received.
    public var messages = 0
    /// Bytes of them.
    public var delivered = 0
    /// Bytes that the link has sent.
    public var said = 0
    /// Errors that it has ended with.
    public var errors = 0

    public init() {}
  }

  @discardableResult
  public static func run(_ input: [UInt8]) -> Outcome {
    var script = Script(input)
    let setting = Setting(script.byte(), script.byte())
    return switch setting.format {
    case .bytes: Conversation<BytesProgram>.run(setting, &script)
    case .fixedSize: Conversation<FixedSizeProgram>.run(setting, &script)
    case .mixed: Conversation<MixedProgram>.run(setting, &script)
    case .matrix: Conversation<MatrixProgram>.run(setting, &script)
    }
  }

  /// What must hold.
  static func expect(_ isSo: Bool, _ what: @autoclosure () -> String) {
    if !isSo { fatalError("the link is wrong: \(what())") }
  }
}

/// The first two bytes of an input.
struct Setting {
  enum Format: UInt8 {
    case bytes, fixedSize, mixed, matrix
  }

  /// Bit 0: whether the link under test is the connector's.
  let isConnector: Bool
  /// Bits 1 and 2.
  let format: Format
  /// Bit 3: whether a valid hello comes first, so that the steps begin behind it.
  let greets: Bool
  /// Bit 4: whether its streams begin in the middle, as those of a listener that has been restarted.
  let isResumed: Bool
  /// The second byte: how many bytes the link is given, or takes, at a time; 0: all.
  let chunk: Int

  init(_ first: UInt8, _ second: UInt8) {
    isConnector = first & 1 != 0
    format = Format(rawValue: first >> 1 & 3) ?? .bytes
    greets = first & 8 != 0
    isResumed = first & 16 != 0
    chunk = second == 0 ? .max : Int(second)
  }

  /// The same as bytes.
  static func bytes(
    isConnector: Bool, _ format: Format, greets: Bool, isResumed: Bool = false, chunk: UInt8 = 0
  ) -> [UInt8] {
    let flags = (isConnector ? 1 : 0) | (greets ? 8 : 0) | (isResumed ? 16 : 0) as UInt8
    return [flags | format.rawValue << 1, chunk]
  }
}
