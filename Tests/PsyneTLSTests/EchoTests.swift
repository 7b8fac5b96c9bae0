import Glibc
import PsyneCore
@testable import PsyneTLS
import TestSupport
import Testing

/// The program that strange tools are pointed at: what it takes is what a listener takes.
@Suite("The echo", .serialized)
struct EchoTests {
  /// The echo at a port of its own.
  private final class Echo {
    let port: UInt16
    private let program: Program

    init(_ place: Place, _ more: [String] = []) throws {
      let program = try Program(
        [
          "\(programDirectory)/psyne-tls-echo", "--cert", place.path("server.pem"), "--key",
          place.path("server.key"),
        ] + more)
      self.program = program
      try eventually("it listens") { program.heard().hasSuffix("\n") }
      port = UInt16(program.heard().dropLast().split(separator: ":").last ?? "") ?? 0
    }

    deinit { program.stop() }

    func heard() -> String { program.heard() }

    /// Asks it to end, which it has to do well.
    func end() throws {
      program.signal(SIGTERM)
      try program.finish()
    }
  }

  private func client(_ echo: Echo, _ place: Place, _ more: [String]) throws -> Program {
    try Program(
      [
        "openssl", "s_client", "-connect", "127.0.0.1:\(echo.port)", "-quiet", "-no_ign_eof",
        "-CAfile", place.path("ca.pem"), "-verify_return_error", "-verify_hostname", "localhost",
      ] + more, hearsErrors: false)
  }

  @Test(
    "s_client gets back what it has sent, with its certificate and without",
    arguments: ["1_3", "1_2"], [true, false])
  func tool(_ version: String, _ isMutual: Bool) throws {
    let place = try Place()
    try place.server()
    try place.client()
    let echo = try Echo(
      place, ["--tls", "1.2"] + (isMutual ? ["--ca", place.path("ca.pem")] : []))
    let own = ["-cert", place.path("client.pem"), "-key", place.path("client.key")]
    let client = try client(
      echo, place, ["-alpn", "psyne/1", "-tls\(version)"] + (isMutual ? own : []))
    // Letters at the beginning of what it reads are commands to it.
    let body = pattern(2 << 20, seed: 1).map { 0x30 + $0 % 10 }
    client.sayAll(body)
    try eventually("all has come back") { client.hear() >= body.count }
    let isSame = client.bytes == body
    #expect(isSame)
    client.endInput()
    try client.finish()
    try echo.end()
    #expect(echo.heard().split(separator: "\n").count == 1, "it has nothing to complain of")
  }

  @Test("a session of ours gets back what it has sent, and a goodbye for its own")
  func ours() throws {
    let place = try Place()
    try place.server()
    try place.client()
    let echo = try Echo(place, ["--ca", place.path("ca.pem")])
    let end = End(try place.connector("client").session(host: "localhost"))
    let socket = try LocalSocket(port: echo.port)
    let body = pattern(2 << 20, seed: 2)
    end.outgoing = body[...]
    try socket.drive(end) { end.received.count == body.count }
    #expect(end.hasReceived(body))
    end.session.finish()
    try socket.drive(end) { end.hasEnded || end.error != nil }
    #expect(end.error == nil)
    try echo.end()
  }

  @Test("whoever a listener would turn away hears why, and the others go on")
  func refusals() throws {
    let place = try Place()
    try place.server()
    try place.client()
    let echo = try Echo(place, ["--ca", place.path("ca.pem")])
    let own = ["-cert", place.path("client.pem"), "-key", place.path("client.key")]
    let end = End(try place.connector("client").session(host: "localhost"))
    let socket = try LocalSocket(port: echo.port)
    func goesOn() throws {
      end.forgetReceived()
      end.outgoing = [1, 2, 3]
      try socket.drive(end) { end.received.count == 3 }
    }
    try goesOn()
    // One that says nothing, one that leaves, one that breaks off in the middle, and others than TLS.
    let silent = try LocalSocket(port: echo.port)
    _ = try LocalSocket(port: echo.port)
    for words in [[0x16, 3, 1, 0, 200, 1], Array("GET / HTTP/1.1\r\n\r\n".utf8)] as [[UInt8]] {
      for isHard in [true, false] {
        let stranger = try LocalSocket(port: echo.port)
        try stranger.say(words)
        if isHard { stranger.breakOff() }
      }
    }
    try eventually("HTTP is recognised") { echo.heard().contains("looks like HTTP") }
    for (arguments, words) in [
      (own + ["-alpn", "psyne/1", "-tls1_2"], "no version of TLS that is allowed"),
      (own, "no protocol (ALPN)"), (own + ["-alpn", "h2"], "offers h2"),
      (["-alpn", "psyne/1"], "has shown no certificate"),
    ] {
      let refused = try client(echo, place, arguments)
      try eventually(words) { echo.heard().contains(words) }
      refused.stop()
      try goesOn()
    }
    withExtendedLifetime(silent) {}
    try echo.end()
  }

  @Test("it takes any protocol and none where it is told to, and nobody else for that")
  func protocols() throws {
    let place = try Place()
    try place.server()
    let echo = try Echo(place, ["--no-alpn"])
    for arguments in [[], ["-alpn", "h2"], ["-alpn", "psyne/1"]] as [[String]] {
      let client = try client(echo, place, arguments)
      try client.say("0123\n")
      try eventually("it comes back") { client.hear() == 5 }
      client.endInput()
      try client.finish()
    }
    let old = try client(echo, place, ["-tls1_2"])
    try eventually("it is refused") { echo.heard().contains("no version of TLS") }
    old.stop()
    try echo.end()
  }
}
