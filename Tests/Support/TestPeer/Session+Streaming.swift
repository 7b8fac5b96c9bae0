import PsyneCore
import TestSupport

extension Pattern {
  /// SEED SMALLEST LARGEST
  init(_ words: ArraySlice<String>) {
    let numbers = words.map { word in UInt64([word].number(0)) }
    self.init(seed: numbers[0], smallest: Int(numbers[1]), largest: Int(numbers[2]))
  }
}

extension Session {
  /// FIRST COUNT SEED SMALLEST LARGEST: sends that many messages; says how many it sent.
  func send(_ arguments: [String]) throws -> String {
    let pattern = Pattern(arguments[2...])
    let first = arguments.number(0)
    try withSender { end in
      for sequence in first..<first + arguments.number(1) {
        var loan = try end.reserve(count: pattern.length(sequence))
        var elements = loan.elements
        pattern.fill(&elements, sequence)
        loan.send()
        scoreboard?.set(.sent, sequence + 1)
      }
    }
    return "ok"
  }

  /// FIRST COUNT SEED SMALLEST LARGEST: receives that many messages, or up to the end of the stream.
  /// With a FIRST of -1 the first message says where it begins.
  ///
  /// Answers "received BEGIN END REASON".
  func receive(_ arguments: [String]) throws -> String {
    let pattern = Pattern(arguments[2...])
    return try withReceiver { end in
      receive(from: &end, arguments.number(0), arguments.number(1), pattern)
    }
  }

  private func receive(
    from end: inout Receiver<Bytes>, _ first: Int, _ count: Int, _ pattern: Pattern
  ) -> String {
    var expected = first
    var begin = first
    var received = 0
    while received < count {
      do {
        let message = try end.receive()
        guard let message else { return "received \(begin) \(expected) closed" }
        if expected < 0 {
          expected = Pattern.sequence(of: message.elements) ?? -1
          begin = expected
          scoreboard?.set(.began, begin)
        }
        guard pattern.matches(message.elements, expected) else {
          scoreboard?.add(.errors)
          return "received \(begin) \(expected) damaged"
        }
        expected += 1
        received += 1
        scoreboard?.set(.received, expected)
      } catch {
        return "received \(begin) \(expected) \(name(of: error))"
      }
    }
    return "received \(begin) \(expected) all"
  }

  /// COUNT: sends that many messages, each as a sender of its own.
  func sendFromMany(_ arguments: [String]) throws -> String {
    for number in 0..<arguments.number(0) {
      var end = try opened().sender()
      try end.send(
        copying: [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)].span)
    }
    return "ok"
  }

  /// COUNT: receives the messages of many senders, polling; ends of streams are passed over.
  func collect(_ arguments: [String]) throws -> String {
    let count = arguments.number(0)
    return try withReceiver { end in
      var number = 0
      var ends = 0
      while number < count {
        do throws(ChannelError) {
          let message = try end.tryReceive()
          guard let message else { continue }
          guard message[0] == UInt8(truncatingIfNeeded: number),
            message[1] == UInt8(truncatingIfNeeded: number >> 8)
          else { return "message \(number) is not the next" }
          number += 1
        } catch .closed {
          ends += 1
        } catch {
          return "after \(number) messages and \(ends) ends: \(name(of: error))"
        }
      }
      return "ok"
    }
  }

  /// COUNT IN OUT begins|answers: passes a message to and fro that often.
  func echo(_ arguments: [String]) throws -> String {
    let receiving = try registry.open("ipc://\(arguments[1])", as: SPSCChannel<Bytes>.self)
    let sending = try registry.open("ipc://\(arguments[2])", as: SPSCChannel<Bytes>.self)
    let handOff = try HandOff(receiver: receiving.receiver(), sender: sending.sender())
    return try handOff.run(arguments.number(0), begins: arguments[3] == "begins")
  }
}
