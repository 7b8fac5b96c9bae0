internal import ArgumentParser
internal import Glibc
internal import PsyneTLS

struct CertRevokeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Put certificates on crl.pem, the list of those that count no more.",
    discussion: HelpText.certRevoke)
  static var _errorLabel: String { "psyne" }

  @Argument(
    help: ArgumentHelp(
      "The certificates' files, as laptop.pem. Without one the list stays as it is, and its time begins anew.",
      valueName: "file"),
    completion: .file())
  var files: [String] = []

  @OptionGroup var authority: AuthorityArguments

  @Option(
    help: ArgumentHelp(
      "How long the list may be used (default: as long as the authority)", valueName: "n"))
  var days: Int?

  func validate() throws {
    if let days, !(1...36_500).contains(days) {
      throw ValidationError("--days can be 1 to 36500, not \(days).")
    }
  }

  func run() throws {
    let list = CertificateFiles(CertificateFiles.revocations, in: authority.directory).certificate
    let authority = try authority.open()
    // Of all, before any is revoked.
    let serials = try files.map { try authority.issued(in: $0).serial }
    let left = authority.contents.notAfter - Int64(time(nil))
    guard left > 0 else {
      throw Failure(
        .usage, "the authority ended on \(UTC.text(authority.contents.notAfter)): make a new one")
    }
    let lifetime = days.map { min(Int64($0) * 86_400, left) } ?? left
    try authority.revoke(serials, in: list, lifetime: .seconds(lifetime))
    Console.output.write("\(list)\n")
  }
}
