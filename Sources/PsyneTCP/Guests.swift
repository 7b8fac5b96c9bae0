internal import PsyneCore

/// Who is at a listener: its sessions, each with one connection, and strangers that have not said hello.
struct Guests {
  private var seats: [LinkID: Seat] = [:]
  private var hosts: [String: Host] = [:]
  private var strangers = 0
  private let options: TCPOptions
  /// Set when no session may begin any more.
  var isClosed = false

  private enum Seat {
    /// Its connection is being made.
    case reserved
    case taken(TCPConnection)
  }

  private struct Host {
    var connections = 0
    var strangers = 0
    var isEmpty: Bool { connections == 0 && strangers == 0 }
  }

  /// Strangers are this many at most.
  private static let mostStrangers = 256
  /// Those of one address are this many at most, so that no host keeps the door from the others.
  static let mostStrangersOfAddress = 128
  /// Those of an address that has its connections: they are let in for their hello, which may be that of
  /// one of these that had broken. Others are told why they cannot stay.
  static let surplus = 16

  init(_ options: TCPOptions) { self.options = options }

  var strangerCount: Int { strangers }
  var sessionCount: Int { seats.count }

  // MARK: Strangers

  /// Somebody has connected. False if that is one too many.
  mutating func admit(from name: String) -> Bool {
    let host = hosts[name, default: Host()]
    guard strangers < Self.mostStrangers, host.strangers < Self.mostStrangersOfAddress,
      host.connections + host.strangers < options.connectionsPerAddress + Self.surplus
    else { return false }
    strangers += 1
    hosts[name, default: Host()].strangers += 1
    return true
  }

  /// One that was admitted has gone, or is no longer a stranger.
  mutating func forgetStranger(from name: String) {
    strangers -= 1
    change(name) { $0.strangers -= 1 }
  }

  // MARK: Sessions

  enum Reservation {
    /// A stranger no longer: it goes on with this one.
    case known(TCPConnection)
    /// Another one of its session has come just before, and its connection is being made.
    case late
    /// A stranger no longer: its connection is to be made.
    case granted
  }

  /// A stranger has said hello.
  ///
  /// - Throws: if there is no room for its session.
  mutating func reserve(_ session: LinkID, from name: String) throws(LinkError) -> Reservation {
    switch seats[session] {
    case .taken(let connection):
      forgetStranger(from: name)
      return .known(connection)
    case .reserved:
      forgetStranger(from: name)
      return .late
    case nil: break
    }
    if isClosed { throw LinkError(.leaving, "the listener takes nobody any more") }
    guard seats.count < options.connections else {
      throw full(options.connections.counted("connection"), "connections")
    }
    guard hosts[name, default: Host()].connections < options.connectionsPerAddress else {
      throw full(
        "\(options.connectionsPerAddress.counted("connection")) of one address", "peraddress")
    }
    forgetStranger(from: name)
    hosts[name, default: Host()].connections += 1
    seats[session] = .reserved
    return .granted
  }

  private func full(_ what: String, _ option: String) -> LinkError {
    LinkError(
      .full,
      "the listener has its \(what), with those that have broken and that it waits for "
        + "(\(TCPOptions.spelled(options.resume))): try again later, or raise '\(option)' there")
  }

  /// The connection of a session is made.
  mutating func seat(_ connection: TCPConnection, _ session: LinkID) {
    seats[session] = .taken(connection)
  }

  /// It could not be made: whoever it was for is a stranger again.
  mutating func release(_ session: LinkID, from name: String) {
    seats[session] = nil
    change(name) { $0.connections -= 1 }
    strangers += 1
    hosts[name, default: Host()].strangers += 1
  }

  /// A connection has ended.
  mutating func remove(_ connection: TCPConnection, _ session: LinkID, from name: String) {
    guard case .taken(let seated) = seats[session], seated === connection else { return }
    seats[session] = nil
    change(name) { $0.connections -= 1 }
  }

  private mutating func change(_ name: String, _ body: (inout Host) -> Void) {
    guard var host = hosts[name] else { return }
    body(&host)
    hosts[name] = host.isEmpty ? nil : host
  }
}
