/// A channel's address, parsed: `[codec+]scheme://authority[/path][?option=value&…]`.
///
/// ```swift
/// let address = try ChannelAddress("ipc://sensor_data?capacity=10MiB")
/// address.scheme   // "ipc"
/// address.authority  // "sensor_data"
/// ```
public struct ChannelAddress: Hashable, Sendable {
  public struct Option: Hashable, Sendable {
    public let name: String
    public let value: String
  }

  /// What the bytes pass through on their way, outermost first: `lz4` in `lz4+tcp://…`.
  public let codecs: [String]
  /// In lower case.
  public let scheme: String
  /// With the codecs before it.
  var wholeScheme: String { (codecs + [scheme]).joined(separator: "+") }
  /// A name, or a host with an optional port.
  public let authority: String
  /// What follows the authority up to the options, without the leading slash.
  public let path: String?
  /// In the order of the address; no name occurs twice.
  public let options: [Option]
  private let text: String

  /// The longest address in bytes.
  public static let maximumBytes = 4096

  /// - Throws: ``TransportError/Code/invalidAddress``, naming the part that is wrong.
  public init(_ text: String) throws(TransportError) {
    func invalid(_ what: String) -> TransportError {
      // Escaped where it must be: a terminal would obey what it contains.
      let shown = text.unicodeScalars.map {
        (0x20...0x7e).contains($0.value) ? String($0) : $0.escaped(asASCII: true)
      }
      return TransportError(.invalidAddress, "'\(shown.joined())' is no channel address: \(what)")
    }
    guard text.utf8.count <= Self.maximumBytes else {
      throw TransportError(
        .invalidAddress,
        "the address has \(text.utf8.count) bytes; at most \(Self.maximumBytes) are allowed")
    }
    guard let bad = text.unicodeScalars.first(where: { !(0x21...0x7e).contains($0.value) }) else {
      self = try Self.parse(text, invalid)
      return
    }
    throw invalid(
      "it contains '\(bad.escaped(asASCII: true))'; only printable ASCII without blanks is allowed")
  }

  private init(
    codecs: [String], scheme: String, authority: String, path: String?, options: [Option],
    text: String
  ) {
    self.codecs = codecs
    self.scheme = scheme
    self.authority = authority
    self.path = path
    self.options = options
    self.text = text
  }

  private static func parse(
    _ text: String, _ invalid: (String) -> TransportError
  ) throws(TransportError) -> ChannelAddress {
    guard let separator = text.firstRange(of: "://") else {
      throw invalid("it has no '://'; write a scheme and a name, as in ipc://sensor_data")
    }
    var layers = text[..<separator.lowerBound].split(
      separator: "+", omittingEmptySubsequences: false
    )
    .map { $0.lowercased() }
    // What is encrypted is a scheme of its own: there is nothing else below it.
    if layers.suffix(2) == ["tls", "tcp"] { layers.removeLast() }
    for layer in layers {
      guard let first = layer.first, first.isLetter,
        layer.allSatisfy({ $0.isLetter || $0.isNumber })
      else { throw invalid("'\(layer)' is no scheme; a scheme is a word, as ipc or memory") }
    }
    var rest = text[separator.upperBound...]
    guard !rest.contains("#") else {
      throw invalid("it has a fragment ('#'), which means nothing here")
    }
    guard !rest.contains("%") else {
      throw invalid("it has a percent escape; names consist of letters, digits, '.', '_' and '-'")
    }
    var options: [Option] = []
    if let mark = rest.firstIndex(of: "?") {
      options = try parseOptions(rest[rest.index(after: mark)...], invalid)
      rest = rest[..<mark]
    }
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let authority = rest[..<slash]
    guard !authority.isEmpty else {
      throw invalid(
        "nothing stands after '://'; write what the scheme wants, as in ipc://sensor_data and tcp://localhost:9999"
      )
    }
    guard !authority.contains("@") else { throw invalid("a user name ('@') means nothing here") }
    return ChannelAddress(
      codecs: Array(layers.dropLast()), scheme: layers[layers.count - 1],
      authority: String(authority),
      path: slash == rest.endIndex ? nil : String(rest[rest.index(after: slash)...]),
      options: options, text: text)
  }

  private static func parseOptions(
    _ text: Substring, _ invalid: (String) -> TransportError
  ) throws(TransportError) -> [Option] {
    var options: [Option] = []
    for part in text.split(separator: "&", omittingEmptySubsequences: false) {
      guard !part.isEmpty else { throw invalid("an option is empty; write ?name=value&name=value") }
      guard let equals = part.firstIndex(of: "="), equals != part.startIndex else {
        throw invalid("the option '\(part)' has no value; write \(part)=value")
      }
      let option = Option(
        name: String(part[..<equals]), value: String(part[part.index(after: equals)...]))
      guard !option.value.isEmpty else { throw invalid("the option '\(option.name)' has no value") }
      guard !options.contains(where: { $0.name == option.name }) else {
        throw invalid("the option '\(option.name)' stands in it twice")
      }
      options.append(option)
    }
    return options
  }
}

extension ChannelAddress: CustomStringConvertible {
  public var description: String { text }
}

extension ChannelAddress {
  /// The longest name of a channel in bytes.
  public static let maximumNameBytes = 200

  /// The authority of an address that consists of a name alone.
  ///
  /// - Throws: ``TransportError/Code/invalidAddress`` unless it is 1 to 200 of the characters
  ///   `A-Z a-z 0-9 . _ -`, not beginning with a dot, and nothing follows it.
  public func name() throws(TransportError) -> String {
    func invalid(_ what: String) -> TransportError {
      TransportError(.invalidAddress, "'\(text)' does not name a channel: \(what)")
    }
    if let path {
      throw invalid(
        "a name has no '/'; '\(authority)/\(path)' could be '\(authority)-\(path.replacing("/", with: "-"))'"
      )
    }
    guard authority.utf8.count <= Self.maximumNameBytes else {
      throw invalid(
        "the name has \(authority.utf8.count) characters; at most \(Self.maximumNameBytes) are allowed"
      )
    }
    guard !authority.hasPrefix(".") else { throw invalid("a name does not begin with a dot") }
    let allowed = { (c: Character) in c.isASCII && (c.isLetter || c.isNumber || "._-".contains(c)) }
    if let bad = authority.first(where: { !allowed($0) }) {
      throw invalid("'\(bad)' is not allowed; use letters, digits, '.', '_' and '-'")
    }
    return authority
  }
}
