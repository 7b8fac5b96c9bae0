import Glibc
import Subprocess
import TestSupport
import Testing

/// What the compiler must refuse, and what it must not.
///
/// Each file of `Tests/CompileTests` is compiled as a client's would be, without any flag. A refused
/// one says above each wrong line what the error is; there must be that one and no other.
@Suite("Compiling")
struct CompileTests {
  private static let fixtures = String(
    #filePath.dropLast("PsyneCoreTests/Compile/CompileTests.swift".count) + "CompileTests")

  private static func files(_ folder: String) -> [String] {
    ((try? listDirectory("\(fixtures)/\(folder)")) ?? []).filter { $0.hasSuffix(".swift") }
  }

  private struct Diagnostic: Hashable {
    let line: Int
    let text: String
  }

  @Test("misuse is refused, each for its own reason", arguments: files("Refused"))
  func refused(file: String) async throws {
    let source = try readText("\(Self.fixtures)/Refused/\(file)")
    let expected = Self.expectations(source)
    try #require(!expected.isEmpty, "says nothing of what is expected")
    let found = try await Self.errors("Refused/\(file)", source)
    #expect(Set(found.map(\.line)) == Set(expected.map(\.line)), "\(found)")
    for expectation in expected {
      let isThere = found.contains {
        $0.line == expectation.line && $0.text.contains(expectation.text)
      }
      #expect(isThere, "\(expectation) is not among \(found)")
    }
  }

  @Test("what a client needs compiles, with warnings as errors", arguments: files("Accepted"))
  func accepted(file: String) async throws {
    let source = try readText("\(Self.fixtures)/Accepted/\(file)")
    let found = try await Self.errors("Accepted/\(file)", source)
    #expect(found == [])
  }

  @Test("there is something to compile")
  func fixtures() {
    #expect(Self.files("Refused").count > 30)
    #expect(Self.files("Accepted").count > 5)
  }

  /// The texts after `// error:`, with the lines below them.
  private static func expectations(_ source: String) -> [Diagnostic] {
    source.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap {
      guard let mark = $1.firstRange(of: "// error: ") else { return nil }
      return Diagnostic(line: $0 + 2, text: String($1[mark.upperBound...]))
    }
  }

  /// The errors of a file. Many are found only after type checking, on the way to machine code.
  private static func errors(_ file: String, _ source: String) async throws -> [Diagnostic] {
    var arguments = [
      "-emit-sil", "-o", "/dev/null", "-swift-version", "6", "-warnings-as-errors",
      "-diagnostic-style", "llvm", "-I", "\(programDirectory)/Modules", "-Xcc",
      "-fmodule-map-file=\(programDirectory)/CPsyne.build/module.modulemap",
    ]
    if let first = source.split(separator: "\n").first, first.hasPrefix("// flags: ") {
      arguments += first.dropFirst("// flags: ".count).split(separator: " ").map(String.init)
    }
    let output = try await run("swiftc", arguments + ["\(fixtures)/\(file)"])
    var found: [Diagnostic] = []
    for line in output.text.split(separator: "\n") {
      guard let mark = line.firstRange(of: ": error: ") else { continue }
      let place = line[..<mark.lowerBound].split(separator: ":")
      let number = place.count >= 3 ? Int(place[place.count - 2]) : nil
      found.append(Diagnostic(line: number ?? 0, text: String(line[mark.upperBound...])))
    }
    if found.isEmpty, !output.status.isSuccess {
      found.append(Diagnostic(line: 0, text: output.text))
    }
    return found
  }
}
