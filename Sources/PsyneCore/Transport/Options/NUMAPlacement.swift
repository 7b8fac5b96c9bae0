/// On which memory node of the machine a channel's data is to lie.
public enum NUMAPlacement: Hashable, Sendable {
  /// On this node, or opening fails.
  case required(node: Int)
  /// On this node where that can be had; where not, a ``Diagnostic`` says why.
  case ifPossible(node: Int)

  public var node: Int {
    switch self {
    case .required(let node), .ifPossible(let node): node
    }
  }
}

extension NUMAPlacement: OptionValue, CustomStringConvertible {
  package static func parse(_ text: String) -> NUMAPlacement? {
    let prefix = "try-"
    guard text.hasPrefix(prefix) else { return Int.parse(text).map { .required(node: $0) } }
    let rest = String(text.dropFirst(prefix.count))
    return rest.isEmpty ? nil : Int.parse(rest).map { .ifPossible(node: $0) }
  }

  package static var kind: String { "memory node" }
  package static var advice: String { "write its number, as in 0, or try-0" }

  public var description: String {
    switch self {
    case .required(let node): "\(node)"
    case .ifPossible(let node): "try-\(node)"
    }
  }
}
