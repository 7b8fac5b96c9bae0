import PsyneCore

final class Node {}

struct Linked: FixedSizeMessage {
  static let messageType: MessageType = 1001
  // error: has non-bitwise-copyable type 'Node'
  var node: Node
}
