import PsyneCore
import Synchronization
import Testing

/// Options in addresses and in code: what each becomes, and what is said of one that is wrong.
@Suite("Options")
struct OptionTests {
  /// Knows every option and keeps what it was given.
  private final class Recorder: Transport {
    let scheme = "record"
    let optionNames = [
      "capacity", "producers", "consumers", "wait", "slow", "full", "mode", "owner", "group",
      "hugepages", "numa",
    ]
    let options = Mutex<ChannelOptions?>(nil)

    func open(
      _ address: ChannelAddress, kind: ChannelKind, format: MessageFormat, options: ChannelOptions
    ) throws(TransportError) -> LaneSet {
      self.options.withLock { $0 = options }
      throw TransportError(.system, "recorded")
    }
  }

  private func options(
    _ text: String, _ inCode: ChannelOptions = ChannelOptions()
  ) throws -> ChannelOptions {
    let recorder = Recorder()
    let error = failure {
      _ = try TransportRegistry([recorder]).open(
        "record://name\(text)", as: SPSCChannel<Bytes>.self, options: inCode)
    }
    guard let options = recorder.options.withLock({ $0 }) else {
      throw try #require(error)
    }
    return options
  }

  private func refusal(
    _ text: String, _ inCode: ChannelOptions = ChannelOptions()
  ) throws -> String {
    let error = try #require(failure { _ = try options(text, inCode) }, "'\(text)' was taken")
    #expect(error.code == .invalidOption)
    return error.message
  }

  @Test("an address can say everything that a program can, and both may say the same")
  func all() throws {
    let address =
      "?capacity=10MiB&producers=1&consumers=63&wait=park&slow=evict&full=250ms&mode=0660"
      + "&owner=alice&group=12&hugepages=try&numa=try-1"
    let expected = ChannelOptions(
      capacity: .mebibytes(10), producers: 1, consumers: 63, wait: .park, slow: .evict,
      full: .waitUpTo(.milliseconds(250)), mode: 0o660, owner: "alice", group: "12",
      hugePages: .ifPossible, numa: .ifPossible(node: 1))
    #expect(try options(address) == expected)
    #expect(try options("", expected) == expected)
    #expect(try options(address, expected) == expected)
    #expect(try options("") == ChannelOptions())
  }

  @Test("each word of each option is understood")
  func words() throws {
    for wait in WaitStrategy.allCases { #expect(try options("?wait=\(wait)").wait == wait) }
    for slow in SlowReaderPolicy.allCases { #expect(try options("?slow=\(slow)").slow == slow) }
    let full: [(String, WhenFull)] = [
      ("wait", .wait), ("fail", .fail), ("drop", .dropNewest), ("7ns", .waitUpTo(.nanoseconds(7))),
      ("50us", .waitUpTo(.microseconds(50))), ("2s", .waitUpTo(.seconds(2))),
      ("3m", .waitUpTo(.seconds(180))), ("2h", .waitUpTo(.seconds(7200))),
    ]
    for (text, value) in full {
      #expect(try options("?full=\(text)").full == value)
      #expect("\(value)" == text)
    }
    let huge: [(String, HugePages)] = [("no", .never), ("try", .ifPossible), ("yes", .required)]
    for (text, value) in huge { #expect(try options("?hugepages=\(text)").hugePages == value) }
    #expect(try options("?numa=3").numa == .required(node: 3))
    for mode in ["0600", "0640", "0660", "0604", "0666", "0644"] {
      let found = try options("?mode=\(mode)").mode
      #expect(found?.description == mode)
    }
  }

  private static let wrong: [(option: String, value: String, advice: String)] = [
    ("capacity", "big", "10MiB"),
    ("producers", "many", "a whole number"), ("producers", "-1", "a whole number"),
    ("producers", "+1", "a whole number"), ("producers", "1.5", "a whole number"),
    ("producers", "99999999999999999999", "a whole number"),
    ("producers", "0", "1 to 63"), ("producers", "64", "1 to 63"),
    ("consumers", "x", "a whole number"), ("consumers", "0", "1 to 63"),
    ("consumers", "64", "1 to 63"),
    ("wait", "sleep", "spin, yield, adaptive or park"), ("wait", "Spin", "spin, yield"),
    ("slow", "drop", "block, lose or evict"),
    ("full", "throw", "wait, fail, drop"), ("full", "100", "100ms or 2s"),
    ("full", "ms", "100ms or 2s"), ("full", "0ms", "100ms or 2s"), ("full", "-1s", "100ms or 2s"),
    ("full", "1.5s", "100ms or 2s"), ("full", "1d", "100ms or 2s"),
    ("full", "9223372036854775807s", "100ms or 2s"),
    ("mode", "660", "0660"), ("mode", "rw", "0660"), ("mode", "0o660", "0660"),
    ("mode", "0690", "0660"), ("mode", "00660", "0660"), ("mode", "1660", "0660"),
    ("mode", "0700", "reads and writes (6)"), ("mode", "0400", "reads and writes (6)"),
    ("mode", "0000", "reads and writes (6)"), ("mode", "0620", "reads and writes (6)"),
    ("mode", "0661", "reads and writes (6)"), ("mode", "0602", "reads and writes (6)"),
    ("hugepages", "1", "no, try or yes"), ("hugepages", "true", "no, try or yes"),
    ("numa", "first", "0, or try-0"), ("numa", "-1", "0, or try-0"), ("numa", "try-", "try-0"),
    ("numa", "try-x", "try-0"), ("numa", "try--1", "try-0"),
  ]

  @Test(
    "a malformed value is quoted with its option, and what would be right", arguments: wrong)
  func malformed(option: String, value: String, advice: String) throws {
    let message = try refusal("?\(option)=\(value)")
    #expect(message.hasPrefix("\(option) "), "\(message)")
    #expect(message.contains(value), "\(message)")
    #expect(message.contains(advice), "\(message)")
  }

  @Test("what the address and the program say differently is named")
  func contradictions() throws {
    let pairs: [(String, ChannelOptions, String)] = [
      ("producers=2", ChannelOptions(producers: 3), "producers 2 and the program says 3"),
      ("wait=spin", ChannelOptions(wait: .park), "wait spin and the program says park"),
      ("full=1s", ChannelOptions(full: .fail), "full 1s and the program says fail"),
      ("mode=0660", ChannelOptions(mode: 0o600), "mode 0660 and the program says 0600"),
      ("owner=a", ChannelOptions(owner: "b"), "owner a and the program says b"),
      ("hugepages=yes", ChannelOptions(hugePages: .never), "hugepages yes and the program says no"),
      ("numa=1", ChannelOptions(numa: .ifPossible(node: 1)), "numa 1 and the program says try-1"),
    ]
    for (text, options, expected) in pairs {
      let message = try refusal("?\(text)", options)
      #expect(message.contains("the address says \(expected): give one"), "\(message)")
    }
  }

  @Test("what a program sets is checked as what an address says")
  func checkedInCode() throws {
    #expect(try refusal("", ChannelOptions(producers: 64)).contains("producers 64"))
    #expect(try refusal("", ChannelOptions(consumers: -1)).contains("consumers -1"))
    #expect(try refusal("", ChannelOptions(mode: 0o4660)).contains("mode 04660"))
    #expect(try refusal("", ChannelOptions(full: .waitUpTo(.zero))).contains("longer than zero"))
    #expect(try refusal("", ChannelOptions(numa: .required(node: -1))).contains("numa -1"))
  }

  @Test("a group without a mode that admits it is of no use")
  func groupWithoutMode() throws {
    for text in ["?group=staff", "?group=staff&mode=0600", "?group=staff&mode=0604"] {
      let message = try refusal(text)
      #expect(message.contains("group 'staff'") && message.contains("mode=0660"), "\(message)")
    }
  }

  @Test("an option that a program sets for a transport without it is refused")
  func unknownInCode() throws {
    let sets: [(String, ChannelOptions)] = [
      ("mode", ChannelOptions(mode: 0o600)), ("owner", ChannelOptions(owner: "root")),
      ("group", ChannelOptions(mode: nil, group: "root")),
    ]
    for (name, options) in sets {
      let error = try #require(
        failure {
          _ = try makeRegistry().open("memory://c", as: SPSCChannel<Bytes>.self, options: options)
        })
      #expect(error.code == .invalidOption)
      #expect(error.message.contains("sets the option '\(name)' for 'memory://c'"))
      #expect(error.message.contains("memory knows: capacity, producers"))
    }
  }

  @Test(
    "times are spelled in their largest unit, however long they are",
    arguments: [
      (Duration.seconds(7200), "2h"), (.milliseconds(1500), "1500ms"), (.nanoseconds(1), "1ns"),
      (.seconds(5_999_999_999), "5999999999s"), (.seconds(6_000_000_000), "6000000000s"),
      (.seconds(Int64.max), "9223372036854775807s"), (.zero, "0s and 0as"),
    ])
  func times(_ time: Duration, _ text: String) {
    #expect(time.spelled == text)
    #expect(time.nanoseconds >= 0)
  }
}
