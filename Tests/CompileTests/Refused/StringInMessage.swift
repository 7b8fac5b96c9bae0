import PsyneCore

struct Named: FixedSizeMessage {
  static let messageType: MessageType = 1001
  // error: has non-bitwise-copyable type 'String'
  var name: String
}
