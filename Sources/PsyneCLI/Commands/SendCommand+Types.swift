internal import Psyne

// The three types of messages, and the three ways in which the sides meet.

extension SendCommand {
  func sendPieces<Body: ResizableBody & SendableMetatype>(
    of body: Body.Type, _ inputs: [String], _ total: Int?
  ) throws {
    switch channel.meeting {
    case .open:
      let opened = try channel.open(body)
      let source = try source(inputs, largest: opened.largestMessage)
      try send(on: opened, total) { sender, progress in try source.pump(&sender, &progress) }
    case .connect:
      try sendConnected(body, total) { sender, progress in
        try source(inputs, largest: sender.largestMessage).pump(&sender, &progress)
      }
    case .listen:
      try sendListening(body, total) { fan, progress in
        try source(inputs, largest: fan.largestMessage).pump(to: &fan, &progress)
      }
    }
  }

  func sendLines(_ inputs: [String], _ total: Int?) throws {
    switch channel.meeting {
    case .open:
      let opened = try channel.open(Text.self)
      let source = lines(inputs, longest: opened.largestMessage)
      try send(on: opened, total) { sender, progress in try source.pump(&sender, &progress) }
    case .connect:
      try sendConnected(Text.self, total) { sender, progress in
        try lines(inputs, longest: sender.largestMessage).pump(&sender, &progress)
      }
    case .listen:
      try sendListening(Text.self, total) { fan, progress in
        try lines(inputs, longest: fan.largestMessage).pump(&fan, &progress)
      }
    }
  }

  private func source(_ inputs: [String], largest: Int) throws -> PieceSource {
    PieceSource(
      inputs: inputs, pieceBytes: try pieceBytes(largest), isWhole: messageSize != nil,
      limit: channel.count, timeout: channel.timeout?.duration)
  }

  private func pieceBytes(_ largest: Int) throws -> Int {
    guard let messageSize else { return min(PieceSource.defaultBytes, largest) }
    guard messageSize.bytes <= largest else {
      throw Failure(
        .usage,
        "--message-size \(messageSize) is more than the channel's largest message, \(Format.count(largest)) bytes: "
          + "use a larger --capacity")
    }
    return messageSize.bytes
  }

  private func lines(_ inputs: [String], longest: Int) -> LineSource {
    LineSource(
      inputs: inputs, longest: longest, limit: channel.count, timeout: channel.timeout?.duration)
  }
}
