import PsyneCore
import Testing

/// Every malformed address is refused with an error that names what is wrong and what would be right.
@Suite("Addresses")
struct AddressTests {
  @Test("an address is taken apart into its layers, its name and its options")
  func parts() throws {
    let address = try ChannelAddress("LZ4+Tcp://Host:80/some/path?b=2&a=x=y?z")
    #expect(address.codecs == ["lz4"])
    #expect(address.scheme == "tcp")
    #expect(address.authority == "Host:80")
    #expect(address.path == "some/path")
    #expect(address.options.map(\.name) == ["b", "a"])
    #expect(address.options.map(\.value) == ["2", "x=y?z"])
    #expect(address.description == "LZ4+Tcp://Host:80/some/path?b=2&a=x=y?z")
    let plain = try ChannelAddress("ipc://sensor_data")
    #expect(plain.codecs.isEmpty && plain.path == nil && plain.options.isEmpty)
    let six = try ChannelAddress("tcp://[::1]:80")
    #expect(six.authority == "[::1]:80")
    let layers = try ChannelAddress("a+b+c://d")
    #expect(layers.codecs == ["a", "b"] && layers.scheme == "c")
  }

  @Test(
    "a malformed address is refused, and the part that is wrong is named",
    arguments: [
      ("", "it has no '://'; write a scheme and a name, as in ipc://sensor_data"),
      ("ipc", "has no '://'"), ("ipc:/name", "has no '://'"), ("ipc:name", "has no '://'"),
      ("/dev/shm/name", "has no '://'"), ("://name", "'' is no scheme; a scheme is a word"),
      ("1pc://name", "'1pc' is no scheme"), ("i-pc://name", "'i-pc' is no scheme"),
      ("+ipc://name", "'' is no scheme"), ("lz4+://name", "'' is no scheme"),
      ("a++b://name", "'' is no scheme"), ("i.p://name", "'i.p' is no scheme"),
      (
        "ipc://", "nothing stands after '://'; write what the scheme wants, as in ipc://sensor_data"
      ),
      ("ipc:///name", "nothing stands after '://'"), ("ipc://?a=b", "nothing stands after '://'"),
      ("ipc://user@host", "a user name ('@') means nothing here"),
      ("ipc://name#part", "fragment ('#')"), ("ipc://na%2Fme", "percent escape"),
      ("ipc://%00", "percent escape"), ("ipc://name?", "an option is empty"),
      ("ipc://name?a=b&", "an option is empty"), ("ipc://name?&a=b", "an option is empty"),
      ("ipc://name?a", "the option 'a' has no value; write a=value"),
      ("ipc://name?=b", "has no value"), ("ipc://name?a=", "the option 'a' has no value"),
      ("ipc://name?a=1&a=2", "the option 'a' stands in it twice"),
      ("ipc://na me", "it contains ' '; only printable ASCII"),
      (" ipc://name", "only printable ASCII"), ("ipc://name\n", "it contains '\\n'"),
      ("ipc://na\u{0}me", "it contains '\\0'"), ("ipc://na\tme", "it contains '\\t'"),
      ("ipc://na\u{7f}me", "it contains '\\u{7F}'"), ("ipc://größe", "it contains '\\u{00F6}'"),
      ("ipc://😀", "it contains '\\u{0001F600}'"), ("ipс://name", "it contains '\\u{0441}'"),
      ("ipc://a\u{301}", "it contains '\\u{0301}'"),
      ("\u{feff}ipc://name", "it contains '\\u{FEFF}'"),
      ("ipc://na\u{202e}me", "it contains '\\u{202E}'"), ("\u{1b}[31mipc://name", "\\u{1B}"),
    ])
  func malformed(text: String, says: String) throws {
    let error = try #require(failure { _ = try ChannelAddress(text) })
    #expect(error.code == .invalidAddress)
    #expect(error.message.contains(says))
    let isPrintable = error.message.unicodeScalars.allSatisfy { (0x20...0x7e).contains($0.value) }
    #expect(isPrintable, "what a terminal would obey is not repeated to it")
  }

  @Test("an address longer than 4,096 bytes is refused without being repeated")
  func long() throws {
    let most = "ipc://" + String(repeating: "a", count: ChannelAddress.maximumBytes - 6)
    _ = try ChannelAddress(most)
    let error = try #require(failure { _ = try ChannelAddress(most + "a") })
    #expect(error.code == .invalidAddress)
    #expect(error.message == "the address has 4097 bytes; at most 4096 are allowed")
    let huge = try #require(
      failure { _ = try ChannelAddress(String(repeating: "😀", count: 1_000_000)) })
    #expect(huge.message.contains("4000000 bytes"))
  }

  @Test(
    "a name that is none is refused, and what is wrong with it is said",
    arguments: [
      ("ipc://.", "a name does not begin with a dot"), ("ipc://..", "does not begin with a dot"),
      ("ipc://.hidden", "does not begin with a dot"),
      ("ipc://../etc/passwd", "a name has no '/'; '../etc/passwd' could be '..-etc-passwd'"),
      ("ipc://a/b", "a name has no '/'; 'a/b' could be 'a-b'"), ("ipc://a/", "a name has no '/'"),
      ("ipc://a//b", "a name has no '/'"), ("ipc://a\\b", "'\\' is not allowed; use letters"),
      ("ipc://a:80", "':' is not allowed"), ("ipc://[::1]", "'[' is not allowed"),
      ("ipc://a*", "'*' is not allowed"), ("ipc://$HOME", "'$' is not allowed"),
      ("ipc://~", "'~' is not allowed"), ("ipc://a;b", "';' is not allowed"),
      ("ipc://a&b", "'&' is not allowed"), ("ipc://a=b", "'=' is not allowed"),
    ])
  func badName(text: String, says: String) throws {
    let address = try ChannelAddress(text)
    let error = try #require(failure { _ = try address.name() })
    #expect(error.code == .invalidAddress)
    #expect(error.message.contains(says))
    #expect(error.message.contains("'\(text)' does not name a channel"))
  }

  @Test("a name is 1 to 200 letters, digits, dots, underscores and dashes, in their case")
  func names() throws {
    for name in ["a", "A", "0", "a.b", "a..b", "-", "_", "sensor_data-2.0", "CON"] {
      #expect(try ChannelAddress("ipc://\(name)").name() == name)
    }
    let most = String(repeating: "n", count: ChannelAddress.maximumNameBytes)
    #expect(try ChannelAddress("ipc://\(most)").name() == most)
    let error = try #require(failure { _ = try ChannelAddress("ipc://\(most)n").name() })
    #expect(error.message.contains("the name has 201 characters; at most 200 are allowed"))
  }

  @Test("names that differ in case are different channels")
  func caseMatters() throws {
    let registry = makeRegistry()
    let one: SPSCChannel<Bytes> = try registry.open("memory://name")
    let two: SPSCChannel<Bytes> = try registry.open("memory://Name")
    let three: SPSCChannel<Bytes> = try registry.open("MEMORY://name")
    let sender = try one.sender()
    _ = try two.sender()
    #expect(failure { _ = try three.sender() }?.code == .inUse, "the scheme has no case")
    sender.close()
  }

  @Test("whatever is given as an address is parsed or refused, and never traps")
  func fuzz() {
    var random = Seed.random(for: "addresses")
    let rounds = Volume.messages(usual: 300_000, whole: 10_000_000)
    let registry = makeRegistry()
    var opened = 0
    for _ in 0..<rounds {
      let text = Self.text(&random)
      do {
        let address = try ChannelAddress(text)
        _ = try? address.name()
        let again = try ChannelAddress(address.description)
        #expect(again == address)
        let channel: SPSCChannel<Bytes> = try registry.open(text)
        #expect(channel.capacity >= 4096)
        opened += 1
      } catch {
        #expect(!error.message.isEmpty)
      }
    }
    print("addresses: \(rounds) texts, \(opened) opened")
    #expect(opened > 0)
  }

  private static let pieces = [
    "memory", "ipc", "lz4", "+", "://", ":", "/", "//", "?", "&", "=", "capacity", "a", "name",
    "..", ".", "%00", "%", "#", "@", "[", "::1]", "64KiB", "4096", "99999999999999999999", "-1",
    "GiB", "\u{0}", "\n", "ö", "e\u{301}", "😀", "\u{feff}", "🏳️‍🌈", " ", "'", "\"", "\\",
  ]

  private static func text(_ random: inout SeededRandom) -> String {
    switch random.below(4) {
    case 0:
      let bytes = (0..<random.below(40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      return String(decoding: bytes, as: UTF8.self)
    case 1:
      let value = ["", "4096", "1MiB", "\(random.below(1 << 40))"][random.below(4)]
      return "memory://n\(random.below(4))?capacity=\(value)"
    default:
      return (0..<random.below(12)).map { _ in pieces[random.below(pieces.count)] }.joined()
    }
  }
}
