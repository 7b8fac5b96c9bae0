import COpenSSL
import PsyneCore
@testable import PsyneTLS
import TestSupport
import Testing

/// Others than Psyne, and older ones.
@Suite("Strangers to TLS")
struct ProtocolTests {
  @Test(
    "a connector of another protocol, or of none, is turned away by its listener",
    arguments: [[], ["h2"], ["http/1.1", "psyne/2"], ["psyne/1", "h2"], ["h2", "psyne/1"]])
  func listener(_ names: [String]) throws {
    let place = try Place()
    try place.server()
    let server = End(try place.listener().session())
    let raw = unsafe RawPeer(isServer: false) { context in
      if !names.isEmpty { unsafe setProtocols(context, names) }
    }
    raw.outgoing = [1, 2, 3]
    pump(raw, server)
    guard !names.contains("psyne/1") else {
      #expect(server.error == nil && server.received == [1, 2, 3])
      return
    }
    let error = try #require(server.error)
    #expect(error.code == .wrongProtocol)
    #expect(error.message.contains(names.first ?? "no protocol"), "\(error)")
    #expect(raw.alert == 120)
    #expect(server.received.isEmpty && !server.session.isEstablished)
  }

  @Test("a listener of another protocol, or of none, is not believed", arguments: [[], ["h2"]])
  func connector(_ names: [String]) throws {
    let place = try Place()
    try place.server()
    let client = End(try place.connector().session(host: "localhost"))
    let raw = unsafe RawPeer(isServer: true) { context in
      unsafe place.configure(context, isServer: true)
      if names.isEmpty {
        unsafe SSL_CTX_set_alpn_select_cb(context, nil, nil)
      } else {
        unsafe SSL_CTX_set_alpn_select_cb(
          context,
          { _, out, count, _, _, _ in
            unsafe out?.pointee = other
            unsafe count?.pointee = 2
            return SSL_TLSEXT_ERR_OK
          }, nil)
      }
    }
    raw.outgoing = [1, 2, 3]
    pump(client, raw)
    // The library sees itself that what it has not offered is against the rules.
    #expect(client.error?.code == (names.isEmpty ? .wrongProtocol : .corrupt))
    #expect(client.received.isEmpty && !client.session.isEstablished)
  }

  @Test("versions before 1.3 are turned away, and before 1.2 always", arguments: [false, true])
  func versions(_ takes12: Bool) throws {
    let place = try Place()
    try place.server()
    for (version, isOurs) in [
      (TLS1_VERSION, false), (TLS1_1_VERSION, false), (TLS1_2_VERSION, takes12),
      (TLS1_3_VERSION, true),
    ] {
      for isServer in [false, true] {
        let set: (inout TLSOptions) -> Void = { $0.minimumVersion = takes12 ? .tls12 : .tls13 }
        let end = End(
          try isServer
            ? place.connector(nil, TLSHooks(), set).session(host: "localhost")
            : place.listener("server", TLSHooks(), set).session())
        let raw = unsafe RawPeer(isServer: isServer) { context in
          unsafe place.configure(context, isServer: isServer)
          _ = unsafe copenssl_set_min_version(context, TLS1_VERSION)
          _ = unsafe copenssl_set_max_version(context, version)
        }
        (raw.outgoing, end.outgoing) = ([1, 2, 3], [4])
        pump(end, raw)
        #expect(end.session.isEstablished == isOurs, "\(version) \(isServer)")
        if isOurs {
          #expect(end.received == [1, 2, 3] && raw.received == [4])
          #expect(end.session.peer?.version == (version == TLS1_2_VERSION ? .tls12 : .tls13))
          #expect(end.session.peer?.group == "x25519")
        } else if isServer {
          // The other side says that it does not want ours.
          let error = try #require(end.error)
          #expect(error.code == .tooOld || error.alert == 70, "\(error)")
        } else {
          #expect(end.error?.code == .tooOld, "\(String(describing: end.error))")
          #expect(end.error?.message.contains("tls=1.2") == true)
          #expect(raw.alert == 70)
        }
      }
    }
  }

  @Test(
    "keys are agreed on by curves, and not by what costs a hundred times as much",
    arguments: [
      ("X25519", true), ("P-256", true), ("P-384", true), ("P-521", true), ("X448", true),
      ("ffdhe8192:ffdhe2048", false), ("ffdhe8192:X25519", true),
    ])
  func groups(_ groups: String, _ isOurs: Bool) throws {
    let place = try Place()
    try place.server()
    let server = End(try place.listener().session())
    let raw = unsafe RawPeer(isServer: false) { context in
      unsafe place.configure(context, isServer: false)
      unsafe setGroups(context, groups)
    }
    raw.outgoing = [1, 2, 3]
    pump(raw, server)
    #expect(server.received == (isOurs ? [1, 2, 3] : []), "\(String(describing: server.error))")
    guard !isOurs else { return }
    #expect(server.error?.code == .tooOld, "\(String(describing: server.error))")
    #expect(raw.alert == 40)
  }

  @Test("renegotiation is refused, whoever asks for it", arguments: [false, true])
  func renegotiation(_ isServer: Bool) throws {
    let place = try Place()
    try place.server()
    let end = End(
      try isServer
        ? place.connector { $0.minimumVersion = .tls12 }.session(host: "localhost")
        : place.listener { $0.minimumVersion = .tls12 }.session())
    let raw = unsafe RawPeer(isServer: isServer) { context in
      unsafe place.configure(context, isServer: isServer)
      unsafe copenssl_set_max(context, .tls12)
    }
    pump(raw, end)
    #expect(end.session.isEstablished)
    #expect(unsafe SSL_renegotiate(raw.ssl) == 1)
    raw.outgoing = [1]
    pump(raw, end)
    // It is told so, and takes it for the end.
    #expect(raw.error == "no renegotiation")
    #expect(end.received.isEmpty || end.received == [1])
  }

  @Test(
    "plain text is recognised, as what it is where that can be told",
    arguments: [
      ("GET / HTTP/1.1\r\n\r\n", "looks like HTTP"), ("HTTP/1.1 400 Bad", "looks like HTTP"),
      ("SSH-2.0-OpenSSH_9.2\r\n", "looks like SSH"), ("\u{7f}PSYNE\r\n\u{1a}", "tcp:// on both"),
      ("hello there", "another program"), ("G", "another program"), ("\0\0\0\0", "another program"),
    ])
  func plainText(_ text: String, _ words: String) throws {
    let place = try Place()
    try place.server()
    for isServer in [true, false] {
      let end = End(
        try isServer
          ? place.listener().session() : place.connector().session(host: "localhost"))
      let parrot = Parrot(Array(text.utf8))
      pump(end, parrot)
      let error = try #require(end.error)
      #expect(error.code == .plainText, "\(error)")
      #expect(error.message.contains("does not speak TLS"))
      #expect(error.message.contains(words), "\(error)")
      #expect(!end.session.isEstablished && end.received.isEmpty)
    }
  }

  @Test("Psyne without TLS is recognised by its first byte")
  func plainPsyne() throws {
    let place = try Place()
    try place.server()
    let server = End(try place.listener().session())
    pump(server, Parrot([0x89] + Array("PSYNE\r\n".utf8) + Array(repeating: 0, count: 120)))
    #expect(server.error?.code == .plainText)
    #expect(server.error?.message.contains("speaks Psyne without TLS") == true)
  }

  @Test("every alert is explained, with its number")
  func alerts() throws {
    let place = try Place()
    try place.server()
    for alert in UInt8(1)...255 where alert != 90 {
      let client = End(try place.connector().session(host: "localhost"))
      // In place of the listener's hello.
      pump(client, Parrot([21, 3, 3, 0, 2, 2, alert]))
      let error = try #require(client.error)
      #expect(error.code == .alert && error.alert == alert, "\(alert) \(error)")
      #expect(error.message.hasPrefix("the other side "))
      #expect(error.message.hasSuffix("(TLS alert \(alert))"))
    }
  }
}

/// What no connector has offered. For the library to point at.
nonisolated(unsafe) private let other: UnsafePointer<UInt8> = {
  let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: 2)
  unsafe memory.initialize(repeating: 0x68, count: 2)
  return unsafe UnsafePointer(memory)
}()
