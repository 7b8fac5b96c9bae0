internal import Psyne

/// A channel as `psyne stat` shows it to people.
struct ReportTables {
  private let address: String
  private let report: SegmentReport

  init(_ address: String, _ report: SegmentReport) {
    self.address = address
    self.report = report
  }

  var text: String {
    let parties = report.parties.isEmpty ? ["none"] : report.parties
    let heading =
      "\(address): \(report.shape.kind) of \(report.format.label), "
      + "lanes of \(Format.bytes(report.shape.capacity))\n"
    return heading + "open in \(parties.joined(separator: ", "))\n\n" + senders.text + "\n"
      + receivers.text
  }

  /// Nobody knows it of a broadcast, whose readers each stand somewhere else.
  static func unread(_ report: SegmentReport, _ bytes: Int) -> String {
    report.shape.kind == .broadcast ? "-" : Format.bytes(bytes)
  }

  private var senders: Table {
    let all = report.statistics.senders
    var table = Table(["sender", "state", "messages", "bytes", "unread", "full waits", "drops"])
    for (index, sender) in all.enumerated() where sender.isAttached || sender.messages > 0 {
      table.add([
        "\(index)", sender.isAttached ? "here" : "gone", Format.count(sender.messages),
        Format.bytes(sender.bytes), Self.unread(report, sender.unreadBytes),
        Format.count(sender.fullWaits), Format.count(sender.drops),
      ])
    }
    let sum = report.statistics
    table.add([
      "all", "\(all.count { $0.isAttached }) of \(all.count)", Format.count(sum.messages),
      Format.bytes(sum.bytes), Self.unread(report, sum.unreadBytes), Format.count(sum.fullWaits),
      Format.count(sum.drops),
    ])
    return table
  }

  private var receivers: Table {
    let all = report.statistics.receivers
    var table = Table([
      "receiver", "state", "empty waits", "redeliveries", "lost", "most unread",
    ])
    for (index, receiver) in all.enumerated()
    where receiver.isAttached || receiver.emptyWaits > 0 || receiver.highWaterMark > 0 {
      table.add([
        "\(index)", receiver.isAttached ? "here" : "gone", Format.count(receiver.emptyWaits),
        Format.count(receiver.redeliveries), Format.count(receiver.lost),
        Format.bytes(receiver.highWaterMark),
      ])
    }
    let sum = report.statistics
    table.add([
      "all", "\(all.count { $0.isAttached }) of \(all.count)", Format.count(sum.emptyWaits),
      Format.count(sum.redeliveries), Format.count(sum.lost), Format.bytes(sum.highWaterMark),
    ])
    return table
  }
}
