import Psyne

/// Answers each vector with its root mean square, to the client that has sent it.
///
/// Returns when the server is closed.
func serve(_ server: Server<FloatVector>) throws {
  var requests = try server.receiver()
  var replies = server.sender()
  while let request = try requests.receive() {
    // Read where it lies: nothing was copied but by the network.
    let rms = rootMeanSquare(request.elements)
    do {
      try replies.to(request.peer) { sender in
        var reply = try sender.reserve(count: 1)
        reply[0] = rms
        reply.send()
      }
    } catch let error as ChannelError where error == .closed || error == .peerDied {
      // The client has not waited for its answer. The others have.
      print("\(request.peer) left before it was answered")
    }
  }
}
