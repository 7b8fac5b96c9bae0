@testable import PsyneCompress
import PsyneCore
import TestSupport
import Testing

@Suite("Options of lz4")
struct OptionTests {
  private func options(_ query: String, _ options: LZ4Options = LZ4Options()) throws -> LZ4Options {
    let address = try ChannelAddress("lz4+tcp://localhost:1\(query.isEmpty ? "" : "?")\(query)")
    return try LZ4Codec(options).merging(address).options
  }

  private func error(
    _ query: String, _ options: LZ4Options = LZ4Options()
  ) throws -> TransportError {
    try #require(throws: TransportError.self) { try self.options(query, options) }
  }

  @Test("it is lz4, number 1")
  func name() {
    #expect(LZ4Codec().name == "lz4")
    #expect(LZ4Codec().id == 1)
    #expect(LZ4Codec().optionNames == ["level", "dictionary", "shuffle", "batch"])
    #expect(LZ4Codec().makeEncoder(elementSize: 4) is LZ4Encoder)
    #expect(LZ4Codec().makeDecoder(elementSize: 4) is LZ4Decoder)
  }

  @Test("an address says what the code does not, and has the last word")
  func merging() throws {
    #expect(try options("") == LZ4Options())
    #expect(try options("level=fast").level == .fast)
    #expect(try options("level=hc").level == .hc)
    #expect(try options("level=12").level == .high(12))
    #expect(try options("level=auto").level == .auto)
    #expect(try options("batch=2ms").batch == .milliseconds(2))
    #expect(LZ4Options().batch == .zero && LZ4Options().level == .fast)
    #expect(try options("shuffle=no&nodelay=yes").shuffle == .no)
    var code = LZ4Options()
    code.level = .high(9)
    code.shuffle = .yes
    #expect(try options("", code) == code)
    #expect(try options("level=1&shuffle=auto", code).level == .high(1))
    #expect(try options("level=1&shuffle=auto", code).shuffle == .auto)
  }

  @Test("a dictionary is read from its file, which is named if it cannot be")
  func dictionary() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/d"
    try writeFile(path, Stream.json.bytes(65536, seed: 1))
    #expect(try options("dictionary=\(path)").dictionary?.bytes.count == 65536)

    let missing = try error("dictionary=\(path)x")
    #expect(missing.code == .invalidOption)
    #expect(missing.errno == 2)
    #expect(missing.message.contains("dictionary '\(path)x' cannot be read: No such file"))

    try writeFile(path, Stream.json.bytes(65537, seed: 1))
    let long = try error("dictionary=\(path)")
    #expect(long.code == .invalidOption)
    #expect(long.message.contains("'\(path)' has more than 65536 bytes"))

    try writeFile(path, [])
    #expect(try error("dictionary=\(path)").message.contains("'\(path)' is empty"))
    let folder = try error("dictionary=\(directory.path)")
    #expect(folder.message.contains("'\(directory.path)' is no regular file"))
    // Neither waited for nor read without end.
    #expect(try error("dictionary=/dev/zero").message.contains("no regular file"))
    #expect(throws: TransportError.self) { try LZ4Dictionary([]) }
    #expect(throws: TransportError.self) { try LZ4Dictionary([UInt8](repeating: 1, count: 65537)) }
  }

  @Test(
    "a value that is none is named, with what would be right",
    arguments: [
      ("level", "best", "write fast, hc, auto, or a number from 1 to 12"),
      ("level", "0", "1 to 12"),
      ("level", "13", "1 to 12"), ("level", "-1", "1 to 12"), ("level", "FAST", "write fast"),
      ("level", "99999999999999999999", "1 to 12"), ("level", "1.5", "1 to 12"),
      ("batch", "2", "write a whole number and a unit"), ("batch", "0ms", "write a whole number"),
      ("shuffle", "true", "write auto, yes or no"), ("shuffle", "4", "write auto, yes or no"),
    ])
  func wrong(name: String, value: String, advice: String) throws {
    let error = try error("\(name)=\(value)")
    #expect(error.code == .invalidOption)
    #expect(error.message.contains("\(name) '\(value)'"), "\(error.message)")
    #expect(error.message.contains(advice), "\(error.message)")
  }

  @Test("a level that the code has wrong is found when it is merged", arguments: [0, 13, -1, .max])
  func wrongInCode(number: Int) throws {
    var code = LZ4Options()
    code.level = .high(number)
    let error = try error("", code)
    #expect(error.code == .invalidOption)
    #expect(error.message.contains("level \(number) is out of range"))
    // And does no harm to those who do not merge.
    #expect(LZ4Encoder(code, elementSize: 1).encode([UInt8](repeating: 0, count: 1000)) != nil)
  }

  @Test("messages wait for a second at most")
  func batch() throws {
    #expect(try options("batch=1s").batch == .seconds(1))
    for (query, time) in [
      ("batch=1001ms", Duration.zero), ("", .milliseconds(-1)), ("", .seconds(2)),
    ] {
      var code = LZ4Options()
      code.batch = time
      let error = try error(query, code)
      #expect(error.code == .invalidOption)
      #expect(error.message.contains("is out of range: it can be 1us to 1s"), "\(error.message)")
    }
  }

  @Test("a codec says what it does")
  func description() throws {
    #expect("\(LZ4Codec())" == "lz4 (level fast, shuffle auto)")
    var code = LZ4Options()
    code.level = .auto
    code.batch = .milliseconds(2)
    code.dictionary = try LZ4Dictionary([1, 2, 3])
    #expect(
      "\(LZ4Codec(code))"
        == "lz4 (level auto, shuffle auto, batch 2ms, dictionary d0aa6218672cf5ab)")
  }
}
