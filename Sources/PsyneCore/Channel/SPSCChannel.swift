/// A channel with one sender and one receiver, in one process or in two.
///
/// The channel is a handle that any thread may hold and copy; its two ends are claimed once and
/// owned by one thread at a time. The channel lives until its last handle and end are gone.
///
/// ```swift
/// func produce() throws {
///   let channel = try SPSCChannel<FloatVector>("ipc://sensor_data", capacity: .mebibytes(10))
///   var sender = try channel.sender()
///   var samples = try sender.reserve(count: 1024)
///   for i in 0..<1024 { samples[i] = Float(i) }
///   samples.send()
/// }
/// ```
///
/// Messages arrive whole, in order and once. A message that was sent stays in the channel until a
/// receiver has finished with it, through the death of either process.
public struct SPSCChannel<Body: MessageBody>: Sendable {
  let lane: Lane
  /// How the ends that are claimed through this handle wait.
  private let waiting: WaitStrategy

  init(_ lane: Lane, waiting: WaitStrategy) {
    self.lane = lane
    self.waiting = waiting
  }

  /// Bytes the channel holds, frames and headers included.
  public var capacity: Int { lane.memory.capacity }

  /// The longest message in bytes.
  public var largestMessage: Int { capacity - lane.format.headerBytes }

  /// Claims the sending end.
  ///
  /// - Throws: ``TransportError/Code/inUse`` while another sender lives, in whichever process.
  public func sender() throws(TransportError) -> Sender<Body> {
    Sender(try LaneClaim(lane, .sender, waiting: waiting))
  }

  /// Claims the receiving end. It goes on where the last receiver stopped.
  ///
  /// - Throws: ``TransportError/Code/inUse`` while another receiver lives, in whichever process.
  public func receiver() throws(TransportError) -> Receiver<Body> {
    Receiver(try LaneClaim(lane, .receiver, waiting: waiting))
  }

  /// Leaves the channel at once, as if this process had died: the other side gets
  /// ``ChannelError/peerDied``, not an orderly end, and a channel that nobody else has open is
  /// removed. What this process's ends still send reaches nobody. For a signal handler's thread that
  /// is about to end the process; any thread may call it.
  public func abandon() { lane.leave(as: .died) }
}
