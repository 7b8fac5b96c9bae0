internal import ArgumentParser
internal import Psyne

struct StatCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stat", abstract: "Show who uses a channel and what goes through it.",
    discussion: HelpText.stat)
  static var _errorLabel: String { "psyne" }

  @Argument(
    help: ArgumentHelp(
      "The channel: ipc://NAME, or just NAME; all there are if none is given.", valueName: "uri"),
    completion: .custom { _, _, _ in Segments.addresses() })
  var uri: String?

  @Flag(help: "Print JSON: one object a channel, one line each.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "Print rates every so many seconds, until Ctrl-C or until the channel is gone.",
      valueName: "seconds"))
  var watch: Double?

  func validate() throws {
    guard let watch else { return }
    guard uri != nil else { throw ValidationError("--watch needs a channel to watch.") }
    guard (0.01...86_400).contains(watch) else {
      throw ValidationError("--watch must be 0.01 to 86400 seconds, not \(watch).")
    }
  }

  func run() async throws {
    guard let uri else { return listAll() }
    let address = ChannelName.address(uri)
    let report = try IPCTransport().report(on: address)
    if let watch {
      return try await Watch(address: address, isJSON: json).run(from: report, every: watch)
    }
    Console.output.write(
      json ? "\(ReportJSON(address, report))\n" : ReportTables(address, report).text)
  }

  /// Those that cannot be read, or are gone by now, are left out.
  private func listAll() {
    let reports = Segments.addresses().compactMap { name in
      (try? IPCTransport().report(on: "ipc://\(name)")).map { (address: "ipc://\(name)", $0) }
    }
    guard !json else {
      for (address, report) in reports { Console.output.write("\(ReportJSON(address, report))\n") }
      return
    }
    guard !reports.isEmpty else { return Console.output.write("no channels\n") }
    var table = Table(["channel", "kind", "type", "senders", "receivers", "messages", "unread"])
    for (address, report) in reports {
      let statistics = report.statistics
      table.add([
        address, "\(report.shape.kind)", report.format.label,
        "\(statistics.senders.count { $0.isAttached }) of \(report.shape.producers)",
        "\(statistics.receivers.count { $0.isAttached }) of \(report.shape.consumers)",
        Format.count(statistics.messages), ReportTables.unread(report, statistics.unreadBytes),
      ])
    }
    Console.output.write(table.text)
  }
}
