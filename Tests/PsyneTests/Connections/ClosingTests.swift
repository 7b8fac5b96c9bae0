import Psyne
import Synchronization
import TestSupport
import Testing

@Suite("Connecting to what closes, and with what cannot be")
struct ClosingTests {
  @Test(
    "who connects while the server closes is turned away, or is told that it has closed",
    arguments: [Scheme.memory, .ipc])
  func race(_ scheme: Scheme) throws {
    for _ in 0..<(isVerifying ? 1000 : 50) {
      let server = try Server<Bytes>(scheme.address("capacity=4KiB"))
      let address = server.address + "?capacity=4KiB&connecttimeout=20ms"
      let connecting = (0..<2).map { _ in
        BackgroundThread { () -> Bool in
          guard let connection = try? Connection<Bytes>(address) else { return true }
          var receiver = try connection.receiver()
          return try receiver.receive(timeout: watchdog)?.count == nil
        }
      }
      server.close()
      for thread in connecting { #expect(try thread.join("it is told")) }
      try eventually("nobody is left") {
        server.peers.allSatisfy { $0.state == .closed || $0.state == .failed }
      }
    }
  }

  @Test("one that a server in memory was about to accept when it closed is ended")
  func halfMade() throws {
    let transport = MemoryTransport()
    let accepted = Mutex<Carrier?>(nil)
    let listening = Mutex<(any ListeningPlace)?>(nil)
    let address = try ChannelAddress("memory://closing")
    let format = MessageFormat(Bytes.self)
    let listener = try transport.listen(address, format: format, options: ChannelOptions()) {
      carrier in
      accepted.withLock { $0 = carrier }
      listening.withLock { $0 }?.close()
    }
    listening.withLock { $0 = listener }
    let error = #expect(throws: TransportError.self) {
      _ = try transport.connect(address, format: format, options: ChannelOptions())
    }
    #expect(error?.code == .notFound)
    #expect(accepted.withLock { $0 }?.state == .closed)
    // It has what knows it.
    listening.withLock { $0 = nil }
  }

  @Test(
    "options of channels with several ends are refused, at both sides", arguments: Scheme.allCases,
    ["producers=1", "consumers=2", "slow=lose"])
  func options(_ scheme: Scheme, _ option: String) throws {
    let name = String(option.prefix { $0 != "=" })
    let listening = #expect(throws: TransportError.self) {
      _ = try Server<Bytes>(scheme.address(option))
    }
    #expect(listening?.code == .invalidOption)
    #expect(listening?.message.contains(name) == true)
    let server = try Server<Bytes>(scheme.address())
    let connecting = #expect(throws: TransportError.self) {
      _ = try Connection<Bytes>(server.address + "?\(option)")
    }
    #expect(connecting?.code == .invalidOption)
    #expect(connecting?.message.contains(name) == true)
  }
}
