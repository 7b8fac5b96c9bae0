/// What a channel carries, as written into its header and compared when another party opens it.
public struct MessageFormat: Hashable, Sendable {
  public let type: MessageType
  /// Stride of an element in bytes.
  public let elementSize: Int
  /// Alignment of an element in bytes.
  public let elementAlignment: Int
  public let isFixedSize: Bool
  /// The body's name in this program, for error messages only.
  public let name: String
  /// Whether the id was chosen by the program, not by this library.
  let isUserType: Bool
  /// Bytes of a payload before its elements.
  let prefixBytes: Int

  public init<Body: MessageBody>(_ body: Body.Type) {
    type = Body.messageType
    elementSize = MemoryLayout<Body.Element>.stride
    elementAlignment = MemoryLayout<Body.Element>.alignment
    isFixedSize = Body.isFixedSize
    name = "\(Body.self)"
    isUserType = !(Body.self is any LibraryBody.Type)
    prefixBytes = Body.prefixBytes
  }

  /// A format read from a channel's header. The caller has checked that it is possible.
  package init(type: MessageType, elementSize: Int, elementAlignment: Int, isFixedSize: Bool) {
    self.type = type
    self.elementSize = elementSize
    self.elementAlignment = elementAlignment
    self.isFixedSize = isFixedSize
    name = Self.commonNames[type] ?? "messages"
    isUserType = false
    prefixBytes = 0
  }

  private static let commonNames: [MessageType: String] = [
    .mixed: "Mixed", .bytes: "Bytes", .text: "Text", .floatVector: "Vector<Float>",
    .doubleMatrix: "Matrix<Double>",
  ]

  /// Bytes that every message of the channel takes before its payload.
  public var headerBytes: Int { isFixedSize ? 0 : max(8, elementAlignment) }

  /// Positions in a lane of this format are multiples of this.
  public var positionUnit: Int { isFixedSize ? elementSize : headerBytes }

  public static func == (a: MessageFormat, b: MessageFormat) -> Bool {
    a.type == b.type && a.elementSize == b.elementSize
      && a.elementAlignment == b.elementAlignment && a.isFixedSize == b.isFixedSize
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(type)
    hasher.combine(elementSize)
    hasher.combine(elementAlignment)
    hasher.combine(isFixedSize)
  }
}

extension MessageFormat: CustomStringConvertible {
  public var description: String {
    let size = isFixedSize ? "\(elementSize)-byte values" : "\(elementSize)-byte elements"
    return "\(name) (type \(type), \(size), alignment \(elementAlignment))"
  }
}
