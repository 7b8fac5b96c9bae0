internal import ArgumentParser
internal import Psyne
internal import PsyneTLS

/// What all have in common that make a certificate.
struct CertificateArguments: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Where the files are written.", valueName: "dir"), completion: .directory)
  var output = "."

  @Option(
    help: ArgumentHelp(
      "How long the certificate holds (default: 90; an authority's 3650)", valueName: "n"))
  var days: Int?

  @Flag(help: "Replace files that are there.")
  var force = false

  func validate() throws {
    if let days, !(1...36_500).contains(days) {
      throw ValidationError("--days can be 1 to 36500, not \(days).")
    }
  }

  func lifetime(_ ordinary: Int) -> Duration { .seconds((days ?? ordinary) * 86_400) }
}

/// What those have in common that are given out by an authority.
struct IssuingArguments: ParsableArguments {
  @OptionGroup var files: CertificateArguments

  @OptionGroup var authority: AuthorityArguments

  /// Makes a certificate that the authority vouches for.
  func issue(
    _ name: String, to file: String, _ usage: CertificateRequest.Usage,
    _ names: [TLSCertificate.Name]
  ) throws {
    guard file != CertificateFiles.authority, file != CertificateFiles.revocations else {
      throw Failure(.usage, "'\(file)' is what the authority's own files are called: take another")
    }
    let own = CertificateFiles(file, in: files.output)
    try own.expectRoom(isForced: files.force)
    let authority = try authority.open()
    let request = CertificateRequest(name, usage, names: names, lifetime: files.lifetime(90))
    let end = authority.contents.notAfter
    guard request.notAfter <= end else {
      throw Failure(
        .usage,
        "the certificate would outlive its authority, which ends on \(UTC.text(end)): say fewer --days, or make a new authority"
      )
    }
    try own.write(try authority.issue(request), isForced: files.force)
  }
}

/// What those have in common that need an authority.
struct AuthorityArguments: ParsableArguments {
  @Option(
    name: .customLong("authority"),
    help: ArgumentHelp("Where the authority's ca.pem and ca.key are.", valueName: "dir"),
    completion: .directory)
  var directory = "."

  func open() throws -> CertificateAuthority {
    let files = CertificateFiles(CertificateFiles.authority, in: directory)
    do throws(TransportError) {
      return try CertificateAuthority(certificate: files.certificate, key: files.key)
    } catch {
      guard error.code == .notFound else { throw error }
      throw Failure(
        .noInput,
        "\(error.message): say where the authority is with --authority, or make one with 'psyne cert authority NAME'"
      )
    }
  }
}
