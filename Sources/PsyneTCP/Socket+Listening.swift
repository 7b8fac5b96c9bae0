package import PsyneCore

extension Socket {
  /// Sockets that listen as those of `tcp://` do, for programs that try what lies above them.
  ///
  /// - Parameter port: 0 for one that is free.
  /// - Returns: them, and where they are, as in `127.0.0.1:9999`.
  package static func listening(
    host: String, port: UInt16
  ) throws(TransportError) -> (sockets: [Socket], place: String) {
    let sockets = try TCPListener.listen(Endpoint(host: host, port: port), TCPOptions())
    let found = SocketAddress(of: sockets[0])?.endpoint.port ?? port
    return (sockets, "\(Endpoint(host: host, port: found))")
  }

  /// Whom it is connected to, for people.
  package var peerName: String {
    SocketAddress(peerOf: self).map { "\($0.endpoint)" } ?? "somebody who has left"
  }
}
