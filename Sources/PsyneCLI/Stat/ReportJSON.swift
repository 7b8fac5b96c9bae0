internal import Psyne

/// A channel as `psyne stat --json` shows it to programs. docs/cli.md lists the fields.
struct ReportJSON: CustomStringConvertible {
  private let fields: [(String, JSON)]

  /// - Parameter rates: fields that come last.
  init(_ address: String, _ report: SegmentReport, rates: [(String, JSON)] = []) {
    let (shape, format, statistics) = (report.shape, report.format, report.statistics)
    fields =
      [
        ("address", .string(address)), ("kind", .string("\(shape.kind)".lowercased())),
        ("type", .number(Int(format.type.rawValue))), ("typeName", .string(format.label)),
        ("elementSize", .number(format.elementSize)), ("fixedSize", .bool(format.isFixedSize)),
        ("capacity", .number(shape.capacity)), ("producers", .number(shape.producers)),
        ("consumers", .number(shape.consumers)),
        ("parties", .array(report.parties.map { .string($0) })),
        ("messages", .number(statistics.messages)), ("bytes", .number(statistics.bytes)),
        ("unreadBytes", .number(statistics.unreadBytes)),
        ("fullWaits", .number(statistics.fullWaits)), ("drops", .number(statistics.drops)),
        ("emptyWaits", .number(statistics.emptyWaits)),
        ("redeliveries", .number(statistics.redeliveries)), ("lost", .number(statistics.lost)),
        ("highWaterMark", .number(statistics.highWaterMark)),
        ("senders", .array(statistics.senders.map(Self.sender))),
        ("receivers", .array(statistics.receivers.map(Self.receiver))),
      ] + rates
  }

  var description: String { JSON.object(fields).description }

  private static func sender(_ sender: SenderStatistics) -> JSON {
    .object([
      ("attached", .bool(sender.isAttached)), ("messages", .number(sender.messages)),
      ("bytes", .number(sender.bytes)), ("unreadBytes", .number(sender.unreadBytes)),
      ("fullWaits", .number(sender.fullWaits)), ("drops", .number(sender.drops)),
    ])
  }

  private static func receiver(_ receiver: ReceiverStatistics) -> JSON {
    .object([
      ("attached", .bool(receiver.isAttached)), ("emptyWaits", .number(receiver.emptyWaits)),
      ("redeliveries", .number(receiver.redeliveries)), ("lost", .number(receiver.lost)),
      ("highWaterMark", .number(receiver.highWaterMark)),
    ])
  }
}
