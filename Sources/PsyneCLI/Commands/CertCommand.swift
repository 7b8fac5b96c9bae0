internal import ArgumentParser
internal import PsyneTLS

struct CertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cert", abstract: "Make certificates for tls:// addresses, show and revoke them.",
    discussion: HelpText.cert,
    subcommands: [
      CertAuthorityCommand.self, CertServerCommand.self, CertClientCommand.self,
      CertShowCommand.self, CertRevokeCommand.self,
    ])
  static var _errorLabel: String { "psyne" }
}

struct CertAuthorityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "authority", abstract: "Make ca.pem and ca.key, which vouch for the others.",
    discussion: HelpText.certAuthority)
  static var _errorLabel: String { "psyne" }

  @Argument(help: "What it is called in messages.")
  var name: String

  @OptionGroup var files: CertificateArguments

  func run() throws {
    let own = CertificateFiles(CertificateFiles.authority, in: files.output)
    try own.expectRoom(isForced: files.force)
    let authority = try CertificateAuthority(
      creating: CertificateRequest(name, .authority, lifetime: files.lifetime(3650)))
    try own.write(try authority.credentials(), isForced: files.force)
  }
}

struct CertServerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "server", abstract: "Make a certificate for who listens.",
    discussion: HelpText.certServer)
  static var _errorLabel: String { "psyne" }

  @Argument(
    help: ArgumentHelp(
      "What others connect to: names and IP addresses of one host. The files are called after the first.",
      valueName: "host"))
  var hosts: [String]

  @OptionGroup var issuing: IssuingArguments

  func run() throws {
    let names = hosts.map { TLSCertificate.Name(host: $0) }
    guard let first = names.first?.text else { return }
    // What a shell would take for something else; and a '/', of what is no host and is refused later.
    let file = first.map { $0 == "*" || $0 == "/" ? "_" : $0 }
    try issuing.issue(first, to: String(file), .server, names)
  }
}

struct CertClientCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "client", abstract: "Make a certificate for who connects.",
    discussion: HelpText.certClient)
  static var _errorLabel: String { "psyne" }

  @Argument(help: "Who it is: what --allow names, and what the files are called.")
  var name: String

  @Option(
    name: .customLong("name"),
    help: ArgumentHelp(
      "Other names of it: a host, an IP address, a URI or a mail address.", valueName: "name"))
  var names: [String] = []

  @OptionGroup var issuing: IssuingArguments

  func validate() throws {
    let isPlain = name.allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber || ".@-".contains($0))
    }
    guard isPlain, let first = name.first, first != ".", first != "-" else {
      throw ValidationError(
        "A client's name is a host's or a mail address: letters, digits, '.', '-' and '@', with no '.' or '-' at its beginning. Give others with --name."
      )
    }
  }

  func run() throws {
    try issuing.issue(name, to: name, .client, ([name] + names).map { TLSCertificate.Name($0) })
  }
}

struct CertShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show what certificates say.")
  static var _errorLabel: String { "psyne" }

  @Argument(
    help: ArgumentHelp("A file with certificates.", valueName: "file"), completion: .file())
  var file: String

  func run() throws {
    let reports = try PEMFile.certificates(in: file).map { CertificateReport($0).text }
    Console.output.write(reports.joined(separator: "\n"))
  }
}
