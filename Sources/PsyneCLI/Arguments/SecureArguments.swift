internal import ArgumentParser
internal import Psyne

/// What `send` and `recv` have for `tls://`: options of the address, in words that a shell completes.
struct SecureArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "With tls://, whom to trust: the authority's certificate (default: of --connect, the system's)",
      valueName: "file"),
    completion: .file())
  var ca: String?

  @Option(
    help: ArgumentHelp("With tls://, our certificate.", valueName: "file"), completion: .file())
  var cert: String?

  @Option(
    help: ArgumentHelp("With tls://, the private key of --cert.", valueName: "file"),
    completion: .file())
  var key: String?

  @Option(
    help: ArgumentHelp(
      "With tls://, who may be at the other end: names of certificates, separated by commas.",
      valueName: "names"))
  var allow: String?

  @Option(
    help: ArgumentHelp(
      "With tls://, the file of a secret that both sides have.",
      valueName: "file"),
    completion: .file())
  var token: String?

  @Flag(help: "With tls:// and --connect, do not check who is at the other end.")
  var insecure = false

  /// What is given, and the address's option that it stands for.
  private var given: [(flag: String, option: String, value: String)] {
    [
      ("--ca", "ca", ca), ("--cert", "cert", cert), ("--key", "key", key),
      ("--allow", "allow", allow), ("--token", "token", token),
      ("--insecure", "verify", insecure ? "none" : nil),
    ].compactMap { flag, option, value in value.map { (flag, option, $0) } }
  }

  func validate(for uri: String, listens: Bool) throws {
    // What is wrong with an address otherwise is said where it is used.
    guard let address = try? ChannelAddress(ChannelName.address(uri)) else { return }
    for (flag, option, value) in given {
      guard address.carrier == "tls" else {
        throw ValidationError(
          "\(flag) is for tls://HOST:PORT; over \(address.scheme):// nothing is encrypted, and nobody shows who it is."
        )
      }
      guard !address.options.contains(where: { $0.name == option }) else {
        throw ValidationError(
          "\(flag) and \(option)= in the address say the same: leave one of them away.")
      }
      guard !value.isEmpty else { throw ValidationError("\(flag) is empty: give it a value.") }
      if let bad = value.unicodeScalars.first(where: { !Self.isAllowed($0) }) {
        let isFile = flag != "--allow"
        throw ValidationError(
          "\(flag) has a '\(bad.escaped(asASCII: true))', which no address can hold: \(isFile ? "rename the file, or make a link to it" : "write names in ASCII, without blanks")."
        )
      }
    }
    if insecure, listens {
      throw ValidationError(
        "--insecure is for --connect; a listener checks nobody if it has no --ca.")
    }
  }

  private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
    (0x21...0x7e).contains(scalar.value) && !"%#&".unicodeScalars.contains(scalar)
  }

  /// The address with what is given.
  func merged(into address: String) -> String {
    given.reduce(address) { address, one in
      "\(address)\(address.contains("?") ? "&" : "?")\(one.option)=\(one.value)"
    }
  }
}
