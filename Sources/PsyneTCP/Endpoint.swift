internal import CPsyne
internal import Glibc
internal import PsyneCore

/// A host and a port, as an address names them: `example.org:9999`, `10.0.0.7:9999`, `[::1]:9999`.
struct Endpoint: Hashable, Sendable {
  let host: String
  let port: UInt16

  init(_ address: ChannelAddress) throws(TransportError) {
    func invalid(_ what: String) -> TransportError {
      TransportError(
        .invalidAddress, "'\(address)' names no host and port: \(what), as in tcp://127.0.0.1:9999")
    }
    if let path = address.path { throw invalid("a '/\(path)' means nothing here; write host:port") }
    let text = address.authority
    guard let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") else {
      throw invalid("the port is missing; write \(text):PORT")
    }
    var host = text[..<colon]
    let digits = text[text.index(after: colon)...]
    guard let port = UInt16(digits), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw invalid("'\(digits)' is no port; write a number from 0 to 65535")
    }
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw invalid("an IPv6 address stands in brackets, [\(host)]")
    }
    guard !host.isEmpty else { throw invalid("the host is missing") }
    self.host = String(host)
    self.port = port
  }

  init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }
}

extension Endpoint: CustomStringConvertible {
  var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// One address of a host, as sockets take it.
@safe
struct SocketAddress: Sendable {
  let family: Int32
  private let storage: sockaddr_storage
  private let length: socklen_t

  private init(_ storage: sockaddr_storage, _ length: socklen_t) {
    self.storage = storage
    self.length = length
    family = Int32(storage.ss_family)
  }

  /// Every address of a host. Blocks while the system looks them up.
  ///
  /// - Parameter passive: to listen at rather than to connect to.
  static func resolve(
    _ endpoint: Endpoint, passive: Bool
  ) throws(TransportError) -> [SocketAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = Int32(AI_NUMERICSERV) | (passive ? Int32(AI_PASSIVE) : 0)
    var list: UnsafeMutablePointer<addrinfo>?
    let failure = unsafe getaddrinfo(endpoint.host, "\(endpoint.port)", &hints, &list)
    guard failure == 0 else {
      let text = unsafe gai_strerror(failure).map { unsafe String(cString: $0) } ?? "unknown host"
      throw TransportError(.unknownHost, "the host '\(endpoint.host)' is not found: \(text)")
    }
    defer { unsafe freeaddrinfo(list) }
    var found: [SocketAddress] = []
    var next = unsafe list
    while let entry = unsafe next {
      if let address = unsafe SocketAddress(entry.pointee) { found.append(address) }
      unsafe next = entry.pointee.ai_next
    }
    return found
  }

  private init?(_ info: addrinfo) {
    guard let address = unsafe info.ai_addr else { return nil }
    var storage = sockaddr_storage()
    let length = unsafe info.ai_addrlen
    unsafe withUnsafeMutableBytes(of: &storage) { bytes in
      unsafe bytes.copyMemory(
        from: UnsafeRawBufferPointer(start: address, count: min(Int(length), bytes.count)))
    }
    self.init(storage, length)
  }

  private func with<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    unsafe withUnsafePointer(to: storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
    }
  }

  /// The same with another port.
  func with(port: UInt16) -> SocketAddress {
    var storage = storage
    unsafe withUnsafeMutableBytes(of: &storage) { bytes in
      // At the same place in both families.
      unsafe bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
    }
    return SocketAddress(storage, length)
  }

  func connect(_ socket: Socket) -> Int32 {
    unsafe with { unsafe Glibc.connect(socket.descriptor, $0, $1) }
  }

  func bind(_ socket: Socket) -> Int32 {
    unsafe with { unsafe Glibc.bind(socket.descriptor, $0, $1) }
  }

  private init?(_ get: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe get($0, &length) }
    }
    guard result == 0 else { return nil }
    self.init(storage, length)
  }

  /// Whom a socket is connected to; nil if it no longer is.
  init?(peerOf socket: Socket) {
    unsafe self.init { unsafe getpeername(socket.descriptor, $0, $1) }
  }

  /// Where a socket is.
  init?(of socket: Socket) { unsafe self.init { unsafe getsockname(socket.descriptor, $0, $1) } }

  /// As numbers.
  var endpoint: Endpoint {
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
    let failure = unsafe with { address, length in
      unsafe getnameinfo(
        address, length, &host, socklen_t(host.count), &port, socklen_t(port.count),
        Int32(NI_NUMERICHOST | NI_NUMERICSERV))
    }
    guard failure == 0 else { return Endpoint(host: "unknown", port: 0) }
    return Endpoint(
      host: Self.unmapped(Self.text(host)), port: UInt16(Self.text(port)) ?? 0)
  }

  /// An IPv4 address by its own name, also where a socket of IPv6 has it (`::ffff:10.0.0.7`): it is the same
  /// host, by whichever socket of ours it comes.
  private static func unmapped(_ host: String) -> String {
    let prefix = "::ffff:"
    guard host.hasPrefix(prefix), host.contains(".") else { return host }
    return String(host.dropFirst(prefix.count))
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
