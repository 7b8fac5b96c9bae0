internal import ArgumentParser

/// A wire that is slower than both of its ends.
protocol Wire: Sendable {
  /// What it is made of.
  var name: String { get }
  /// Where the sender runs, and where the receiver.
  var near: Child.Place { get }
  var far: Child.Place { get }
  /// The receiver's host.
  var host: String { get }

  /// Runs `body` with the address by which the sender reaches who listens at `address`.
  func reaching(
    _ address: String, _ body: (String) async throws -> Void
  ) async throws
}

enum WireKind: String, CaseIterable, ExpressibleByArgument {
  case namespaces, loopback

  /// Runs `body` with a wire of such a kind; if it may be any, with the best that can be had.
  ///
  /// - Parameter tell: is told why it is not the best.
  static func with(
    _ wanted: WireKind?, _ rate: BitRate,
    _ body: (_ wire: any Wire, _ why: String?) async throws -> Void
  ) async throws {
    var why: String?
    if wanted != .loopback {
      do {
        return try await NamespaceWire.laid(rate) { try await body($0, nil) }
      } catch let error as NamespaceWire.Impossible {
        why = error.reason
      }
    }
    if wanted == .namespaces {
      throw Failure(.failure, "no wire can be laid between network namespaces: \(why ?? "")")
    }
    try await body(LoopbackWire(rate: rate), why)
  }
}

/// A relay in this process.
struct LoopbackWire: Wire {
  let rate: BitRate
  let name = "a relay on loopback that lets no more through, each way"
  let near = Child.Place()
  let far = Child.Place()
  let host = "127.0.0.1"

  func reaching(
    _ address: String, _ body: (String) async throws -> Void
  ) async throws {
    guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[colon...].dropFirst())
    else { throw Failure(.failure, "'\(address)' has no port") }
    let relay = try Relay(to: port, bitsPerSecond: rate.bitsPerSecond)
    defer { relay.close() }
    try await body("\(address[...colon])\(relay.port)")
  }
}
