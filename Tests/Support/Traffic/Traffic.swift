internal import Glibc
public import PsyneCore

/// How a receiver asks for messages.
public enum ReceiveStyle: String, CaseIterable, Sendable {
  case receive, poll, batch

  /// Another for each receiver of a channel.
  public init(ofReceiver index: Int) { self = Self.allCases[index % Self.allCases.count] }
}

extension Cargo {
  /// Sends messages 0 up to `count` of a producer.
  public static func send(
    upTo count: Int, of producer: Int, to sender: inout Sender<Body>
  ) throws(ChannelError) {
    for number in 0..<count { try send(number, of: producer, to: &sender) }
  }

  public static func sendSuspending(
    upTo count: Int, of producer: Int, to sender: inout Sender<Body>
  ) async throws(ChannelError) {
    for number in 0..<count { try await sendSuspending(number, of: producer, to: &sender) }
  }

  /// Receives until the end of the stream. What a broadcast has lost is counted.
  public static func receive(
    from receiver: inout Receiver<Body>, producers: Int, as style: ReceiveStyle
  ) throws(ChannelError) -> TrafficReport {
    var report = TrafficReport(producers: producers)
    while true {
      do throws(ChannelError) {
        switch style {
        case .receive:
          guard let message = try receiver.receive() else { return report }
          report.add(label(of: message))
        case .poll:
          guard let message = try receiver.tryReceive() else {
            sched_yield()
            continue
          }
          report.add(label(of: message))
        case .batch:
          guard var batch: MessageBatch<Body> = try receiver.receive(batch: 50) else {
            return report
          }
          while let message = try batch.next() { report.add(label(of: message)) }
        }
      } catch .lost(let count) {
        report.lost += count
      } catch .closed {
        return report
      } catch {
        throw error
      }
    }
  }

  /// The same for a task, in batches or one by one.
  public static func receiveSuspending(
    from receiver: inout Receiver<Body>, producers: Int, inBatches: Bool
  ) async throws(ChannelError) -> TrafficReport {
    var report = TrafficReport(producers: producers)
    while true {
      if inBatches {
        guard var batch = try await receiver.next(batch: 50) else { return report }
        while let message = try batch.next() { report.add(label(of: message)) }
      } else {
        guard let message = try await receiver.next() else { return report }
        report.add(label(of: message))
      }
    }
  }
}
