internal import Psyne

/// What the demo sends over a wire: messages that are sent in the same way, whatever they are.
protocol WireBody: MessageBody {
  /// Sends a message of these elements.
  static func send(
    _ elements: Span<Element>, through sender: inout Sender<Self>, timeout: Duration
  ) throws(ChannelError)
}

extension WireBody where Self: ResizableBody {
  static func send(
    _ elements: Span<Element>, through sender: inout Sender<Self>, timeout: Duration
  ) throws(ChannelError) {
    try sender.send(copying: elements, timeout: timeout)
  }
}

extension Bytes: WireBody {}
extension Text: WireBody {}
extension Vector: WireBody {}

/// What a sensor of a robot says: 32 bytes, and nothing else of a message on a channel of these alone.
struct Reading: FixedSizeMessage, WireBody {
  static let messageType: MessageType = 1001

  /// Nanoseconds since 1970.
  var time: UInt64
  var sensor: UInt32
  /// Counts the readings of the sensor.
  var counter: UInt32
  /// In °C, V and radians.
  var temperature, voltage, position: Float
  /// Bit 0: valid; bit 1: warm; bit 2: a reading was lost before.
  var flags: UInt32

  static func send(
    _ elements: Span<Reading>, through sender: inout Sender<Reading>, timeout: Duration
  ) throws(ChannelError) {
    try sender.send(elements[0], timeout: timeout)
  }
}
