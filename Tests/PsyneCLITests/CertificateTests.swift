internal import Glibc
internal import Testing

@Suite("psyne cert", .timeLimit(.minutes(1)))
struct CertificateTests {
  let folder = Folder()

  /// Runs it for files in the folder.
  private func cert(_ arguments: String...) async throws -> Outcome {
    let place =
      switch arguments[0] {
      case "authority": ["--output", folder.path]
      case "show": [String]()
      default: ["--output", folder.path, "--authority", folder.path]
      }
    return try await Tool.run(["cert"] + arguments + place)
  }

  /// Nil if there is no such file.
  private func mode(_ name: String) -> mode_t? {
    var status = stat()
    return unsafe stat(folder[name], &status) == 0 ? status.st_mode & 0o7777 : nil
  }

  @Test("files are named and printed, keys are their owner's alone, and OpenSSL accepts all")
  func files() async throws {
    let outcome = try await Tool.shell(
      """
      umask 0; cd "\(folder.path)"
      "$psyne" cert authority home && "$psyne" cert server here.example 10.0.0.7 \
        && "$psyne" cert client robot-7 --name spiffe://example/robot/7 || exit 1
      openssl verify -CAfile ca.pem -purpose sslserver -verify_hostname here.example here.example.pem
      openssl verify -CAfile ca.pem -purpose sslserver -verify_ip 10.0.0.7 here.example.pem
      openssl verify -CAfile ca.pem -purpose sslclient robot-7.pem
      """)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(
      outcome.text == """
        ca.pem
        ca.key
        here.example.pem
        here.example.key
        robot-7.pem
        robot-7.key
        here.example.pem: OK
        here.example.pem: OK
        robot-7.pem: OK

        """)
    for name in ["ca", "here.example", "robot-7"] {
      #expect(mode("\(name).key") == 0o600)
      #expect(mode("\(name).pem") == 0o644)
    }
    // No drafts are left.
    #expect(names(in: folder.path).count == 2 + 6)
  }

  @Test("show tells what OpenSSL tells")
  func show() async throws {
    _ = try await cert("authority", "home")
    _ = try await cert(
      "client", "robot-7", "--name", "10.0.0.7", "--name", "a@b.example", "--days", "30")
    let outcome = try await cert("show", folder["robot-7.pem"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = outcome.text.split(separator: "\n").map(String.init)
    #expect(lines.count == 6)
    #expect(lines.first == "subject  CN=robot-7")
    #expect(lines.contains("names    DNS:robot-7, IP:10.0.0.7, email:a@b.example"))
    #expect(lines.contains("issuer   CN=home"))
    #expect(lines.contains { $0.hasPrefix("until    ") && $0.hasSuffix(" UTC, 30 days left") })
    let other = try await Tool.shell(
      #"openssl x509 -in "$1" -noout -fingerprint -sha256"#, [folder["robot-7.pem"]])
    let digits = other.text.split(separator: "=").last?.filter { $0.isHexDigit }.lowercased()
    #expect(digits?.count == 64)
    #expect(lines.last == "SHA-256  \(digits ?? "")")
  }

  @Test("show tells of every certificate in a file")
  func showSeveral() async throws {
    _ = try await cert("authority", "home")
    _ = try await cert("server", "*.example.org")
    let file = try folder.write(
      folder.read("_.example.org.pem") + folder.read("ca.pem"), to: "chain.pem")
    let outcome = try await cert("show", file)
    let subjects = outcome.text.split(separator: "\n").filter { $0.hasPrefix("subject") }
    #expect(subjects == ["subject  CN=*.example.org", "subject  CN=home"])
  }

  @Test("73 for files that are there, of which none is changed; --force replaces them")
  func noOverwriting() async throws {
    _ = try await cert("authority", "home")
    _ = try await cert("server", "localhost")
    let before = try ["ca.pem", "ca.key", "localhost.pem", "localhost.key"].map(folder.read)
    for arguments in [["authority", "other"], ["server", "localhost"], ["client", "localhost"]] {
      let outcome = try await cert(arguments[0], arguments[1])
      #expect(outcome.status == 73)
      #expect(outcome.output == [])
      #expect(outcome.errors.contains(".pem' is there already"), "\(outcome.errors)")
      #expect(outcome.errors.contains("replace it with --force"), "\(outcome.errors)")
    }
    let after = try ["ca.pem", "ca.key", "localhost.pem", "localhost.key"].map(folder.read)
    #expect(after == before)

    #expect(try await cert("server", "localhost", "--force").status == 0)
    #expect(try folder.read("localhost.pem") != before[2])
    #expect(try folder.read("localhost.key") != before[3])
    #expect(mode("localhost.key") == 0o600)
  }

  @Test("where one of the two files is there, the other is not written", arguments: ["pem", "key"])
  func half(there: String) async throws {
    _ = try await cert("authority", "home")
    _ = try folder.write([1], to: "laptop.\(there)")
    let outcome = try await cert("client", "laptop")
    #expect(outcome.status == 73)
    #expect(outcome.errors.contains("laptop.\(there)' is there already"), "\(outcome.errors)")
    #expect(mode(there == "pem" ? "laptop.key" : "laptop.pem") == nil)
    #expect(try folder.read("laptop.\(there)") == [1])
  }

  @Test("66 without an authority, with how to make one")
  func noAuthority() async throws {
    let outcome = try await cert("server", "localhost")
    #expect(outcome.status == 66)
    #expect(outcome.errors.contains("psyne cert authority NAME"), "\(outcome.errors)")
    #expect(mode("localhost.key") == nil)
  }

  @Test("73 for a directory that is not there")
  func noDirectory() async throws {
    let outcome = try await Tool.run(["cert", "authority", "home", "-o", folder["no"]])
    #expect(outcome.status == 73)
    #expect(outcome.errors.contains("no' is no directory: make it first"), "\(outcome.errors)")
  }

  @Test(
    "64 for what cannot stand in a certificate, and nothing is written",
    arguments: [
      (["server", "tls://h:9"], "cannot stand in a certificate"),
      (["server", "h", "h:9"], "cannot stand in a certificate"),
      (["server", "../h"], "cannot stand in a certificate"),
      (["server", "ca", "--force"], "the authority's own files"),
      (["client", "crl"], "the authority's own files"),
      (["server", "h", "--days", "0"], "--days can be 1 to 36500"),
      (["server", "h", "--days", "3651"], "would outlive its authority"),
      (["server"], "Missing expected argument '<host> ...'"),
      (["client", "../x"], "A client's name is a host's or a mail address"),
      (["client", "x", "--name", "a b"], "cannot stand in a certificate"),
      (["client", "x", "--name", "a.example,IP:10.0.0.1"], "cannot stand in a certificate"),
    ])
  func usage(arguments: [String], words: String) async throws {
    _ = try await cert("authority", "home")
    let outcome = try await Tool.run(
      ["cert"] + arguments + ["-o", folder.path, "--authority", folder.path])
    #expect(outcome.status == 64)
    #expect(outcome.errors.hasPrefix("psyne: "))
    #expect(outcome.errors.contains(words), "\(outcome.errors)")
    #expect(names(in: folder.path).count == 2 + 2)
  }

  @Test("64 for a file that holds no certificate, 66 for one that is not there")
  func showNothing() async throws {
    let file = try folder.write("hello".utf8, to: "in")
    let wrong = try await cert("show", file)
    #expect(wrong.status == 64)
    #expect(wrong.errors.contains("has no certificate in PEM format"), "\(wrong.errors)")
    let missing = try await cert("show", folder["missing"])
    #expect(missing.status == 66)
    #expect(missing.errors.contains("missing' cannot be read"), "\(missing.errors)")
  }

  @Test("revoke makes a list, adds to it and renews it, and OpenSSL believes it")
  func revoke() async throws {
    let outcome = try await Tool.shell(
      """
      cd "\(folder.path)"
      look() {
        openssl verify -CAfile ca.pem -CRLfile crl.pem -crl_check laptop.pem > out 2>&1 && echo good || \
          sed -n 's/^error 23 .*lookup: //p' out
        openssl verify -CAfile ca.pem -CRLfile crl.pem -crl_check robot-7.pem > out 2>&1 && echo good || \
          sed -n 's/^error 23 .*lookup: //p' out
      }
      { "$psyne" cert authority home && "$psyne" cert client laptop && "$psyne" cert client robot-7; } > out || exit 1
      "$psyne" cert revoke && look
      "$psyne" cert revoke laptop.pem laptop.pem && look
      "$psyne" cert revoke --authority . robot-7.pem --days 7 && look
      openssl crl -in crl.pem -noout -text | grep -c 'Serial Number'
      openssl crl -in crl.pem -noout -nextupdate | sed 's/.*=//' | date -f - +%s
      rm out
      """)
    let week = Int(time(nil)) + 7 * 86_400
    var lines = outcome.text.split(separator: "\n").map(String.init)
    let end = try #require(lines.popLast().flatMap { Int($0) })
    #expect(abs(end - week) < 3600)
    #expect(
      lines == [
        "crl.pem", "good", "good", "crl.pem", "certificate revoked", "good",
        "crl.pem", "certificate revoked", "certificate revoked", "2",
      ], "\(outcome.text)\(outcome.errors)")
    #expect(mode("crl.pem") == 0o644)
    #expect(names(in: folder.path).count == 2 + 7, "no drafts are left")
  }

  @Test("several that revoke at once lose nothing")
  func together() async throws {
    let outcome = try await Tool.shell(
      """
      cd "\(folder.path)"; "$psyne" cert authority home > /dev/null
      for name in a b c d e f; do "$psyne" cert client $name > /dev/null; done
      for name in a b c d e f; do "$psyne" cert revoke $name.pem > /dev/null & done; wait
      openssl crl -in crl.pem -noout -text | grep -c 'Serial Number'
      """)
    #expect(outcome.text == "6\n", "\(outcome.errors)")
  }

  @Test("64 for what cannot be revoked, and the list stays as it was")
  func cannotRevoke() async throws {
    let other = Folder()
    _ = try await cert("authority", "home")
    _ = try await cert("client", "laptop")
    _ = try await Tool.run(["cert", "authority", "home", "-o", other.path])
    _ = try await Tool.run(["cert", "revoke", "--authority", other.path])
    func revoke(_ files: String..., from place: Folder) async throws -> Outcome {
      try await Tool.run(["cert", "revoke", "--authority", place.path] + files)
    }
    let before = try other.read("crl.pem")
    for (file, words) in [
      ("laptop.pem", "is not signed with the key of this authority, 'CN=home'"),
      ("laptop.key", "has no certificate in PEM format"),
    ] {
      let outcome = try await revoke(folder[file], from: other)
      #expect(outcome.status == 64)
      #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }
    // The second one is not to be revoked, and so the first one is not.
    let own = try await revoke(folder["laptop.pem"], folder["ca.pem"], from: folder)
    #expect(own.status == 64)
    #expect(own.errors.contains("is the authority's own"), "\(own.errors)")
    #expect(mode("crl.pem") == nil)
    #expect(try other.read("crl.pem") == before)
    #expect(try await revoke(folder["missing"], from: folder).status == 66)

    _ = try folder.write(before, to: "crl.pem")
    let foreign = try await revoke(folder["laptop.pem"], from: folder)
    #expect(foreign.status == 64)
    #expect(foreign.errors.contains("crl.pem' is not signed by 'CN=home'"), "\(foreign.errors)")
    #expect(try folder.read("crl.pem") == before)
    try await Tool.refuses(["cert", "revoke", "--days", "0"], "--days can be 1 to 36500")
  }
}
