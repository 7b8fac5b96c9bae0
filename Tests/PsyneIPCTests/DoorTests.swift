import PsyneCore
import PsyneIPC
import Synchronization
import TestSupport
import Testing

@Suite("The door of a listener")
struct DoorTests {
  /// What a connector is told for what `listener` does.
  private func outcome(
    _ options: String = "", of listener: (Place, inout Receiver<Announced>?) throws -> Void
  ) throws -> TransportError? {
    let place = try Place()
    var receiver: Receiver<Announced>? = try place.door("door").receiver()
    let connecting = BackgroundThread {
      transportError { () throws(TransportError) in _ = try place.connect("door", options) }
    }
    try listener(place, &receiver)
    return try connecting.join("the connector gives up")
  }

  private func announcement(_ receiver: inout Receiver<Announced>?) throws -> Announced {
    guard let announced = try receiver?.receive(timeout: watchdog)?.value else {
      throw TimedOut("somebody rings")
    }
    return announced
  }

  @Test("one that does not answer in time is not found")
  func silence() throws {
    let error = try outcome("connecttimeout=50ms") { _, receiver in
      _ = try announcement(&receiver)
    }
    #expect(error?.code == .notFound)
    #expect(error?.message.contains("nobody answers") == true, "\(error?.message ?? "")")
  }

  @Test("one that leaves instead of answering is not found, and that is said")
  func leaving() throws {
    let error = try outcome { place, receiver in
      let announced = try announcement(&receiver)
      let answers = try place.notice(announced.channel("answer", of: "door"))
      _ = try answers.sender()
    }
    #expect(error?.code == .notFound)
    #expect(error?.message.contains("left") == true, "\(error?.message ?? "")")
  }

  @Test("one that leaves before it has taken notice is not found, and that is said")
  func leavingEarly() throws {
    let error = try outcome("connecttimeout=100ms") { _, receiver in
      _ = try announcement(&receiver)
      receiver = nil
    }
    #expect(error?.code == .notFound)
    #expect(error?.message.contains("left") == true, "\(error?.message ?? "")")
  }

  @Test("a refusal is a mismatch, in the listener's words")
  func refusal() throws {
    let error = try outcome { place, receiver in
      let announced = try announcement(&receiver)
      let answers = try place.notice(announced.channel("answer", of: "door"))
      var sender = try answers.sender()
      try sender.send("not you", timeout: watchdog)
      try sender.drain(timeout: watchdog)
    }
    #expect(error?.code == .mismatch)
    #expect(error?.message.contains("not you") == true, "\(error?.message ?? "")")
  }

  @Test("what is wrong with the door itself is passed on")
  func failures() throws {
    let place = try Place()
    let channel: SPSCChannel<Text> = try place.notice("taken")
    let mismatch = transportError { () throws(TransportError) in _ = try place.connect("taken") }
    #expect(mismatch?.code == .mismatch)
    let server = try place.server("own")
    let denied = transportError { () throws(TransportError) in
      _ = try place.connect("own", "mode=0666")
    }
    #expect(denied?.code == .permissionDenied)
    _ = (channel, server)
  }

  @Test("more may wait for a listener than can ring at a time")
  func crowd() throws {
    let place = try Place()
    let transport = IPCTransport(directory: place.directory.path)
    let connecting = (0..<80).map { _ in
      BackgroundThread { try place.connect("crowd", "connecttimeout=60s") }
    }
    try eventually("they ring") {
      guard let report = try? transport.report(on: "ipc://crowd") else { return false }
      return report.statistics.senders.count { $0.isAttached } == 63
    }
    let server = try place.server("crowd")
    let connections = try connecting.map { try $0.join("all are let in") }
    withExtendedLifetime(connections) {
      #expect(connections.allSatisfy { $0.state == .connected })
      #expect(server.peers.count == 80)
    }
  }

  @Test("nobody is let in after it was closed, and one that was on the way in is put out")
  func closing() throws {
    let place = try Place()
    let transport = IPCTransport(directory: place.directory.path)
    let accepted = Mutex<Carrier?>(nil)
    let listening = Mutex<(any ListeningPlace)?>(nil)
    let listener = try transport.listen(
      ChannelAddress("ipc://closing"), format: MessageFormat(Bytes.self),
      options: ChannelOptions()
    ) { carrier in
      accepted.withLock { $0 = carrier }
      listening.withLock { $0 }?.close()
    }
    listening.withLock { $0 = listener }
    let error = transportError { () throws(TransportError) in _ = try place.connect("closing") }
    #expect(error?.code == .notFound)
    #expect(error?.message.contains("left") == true, "\(error?.message ?? "")")
    try eventually("it is closed") { accepted.withLock { $0 }?.state == .closed }
  }
}
