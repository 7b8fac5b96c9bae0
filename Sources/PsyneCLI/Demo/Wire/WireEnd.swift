internal import ArgumentParser
internal import Glibc
internal import Psyne

/// The work of the processes at both ends of a wire. Each prints a time, in nanoseconds of the clock that both
/// have, and how many bytes the messages have.
enum WireEnd: String, ExpressibleByArgument {
  case send, receive

  func carry<Body: WireBody>(_ parcel: WireParcel<Body>, at address: String) throws {
    switch self {
    case .send: try Self.send(parcel, to: address)
    case .receive: try Self.receive(parcel, at: address)
    }
  }

  private static let patience = Duration.seconds(60)
  private static let talk = ConnectionTalk(isQuiet: false)

  /// Sends all messages, and prints when it began.
  private static func send<Body: WireBody>(_ parcel: WireParcel<Body>, to address: String) throws {
    let connection = try OwnConnection<Body>.open(address, ChannelOptions(), talk)
    var sender = try connection.sender()
    let elements = parcel.elements.span
    let start = Monotonic.now
    for index in 0..<parcel.count {
      try Body.send(
        elements.extracting(parcel.range(index)), through: &sender, timeout: patience)
    }
    try sender.drain(timeout: patience)
    sender.close()
    connection.close()
    Console.output.write("\(start) \(parcel.bytes)\n")
  }

  /// Compares all messages, and prints when the last one was there.
  private static func receive<Body: WireBody>(_ parcel: WireParcel<Body>, at place: String) throws {
    let listener = try OwnListener<Body>.open(place, ChannelOptions(), talk)
    var receiver = try listener.server.receiver()
    listener.closeWhenAllAreGone()
    var (count, end) = (0, Int64(0))
    while let message = try receiver.receive(timeout: patience) {
      guard count < parcel.count, parcel.equals(message.elements, count) else {
        throw Failure(.failure, "message \(count) is not what was sent")
      }
      count += 1
      if count == parcel.count { end = Monotonic.now }
    }
    guard count == parcel.count else {
      throw Failure(.failure, "\(count) messages arrived, and \(parcel.count) were sent")
    }
    receiver.close()
    listener.close()
    Console.output.write("\(end) \(parcel.bytes)\n")
  }
}
