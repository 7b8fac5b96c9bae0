@testable internal import PsyneCLI
internal import Testing

@Suite("numbers for people")
struct FormatTests {
  @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")])
  func count(number: Int, text: String) { #expect(Format.count(number) == text) }

  @Test(
    arguments: [
      (0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (10_240, "10.0 KiB"), (65_536, "64.0 KiB"),
      (268_435_456, "256 MiB"), (1_072_693_248, "1,023 MiB"), (1_073_741_823, "1.00 GiB"),
    ])
  func bytes(number: Int, text: String) { #expect(Format.bytes(number) == text) }

  @Test(
    arguments: [
      (0.0, "0 ns"), (999.4, "999 ns"), (999.6, "1.00 µs"), (12_345, "12.3 µs"),
      (999_600, "1.00 ms"), (2.5e9, "2.50 s"),
    ])
  func time(nanoseconds: Double, text: String) {
    #expect(Format.time(nanoseconds: nanoseconds) == text)
  }

  @Test(arguments: [
    (1.005, 0, "1"), (0.999, 2, "1.00"), (-0.001, 2, "0.00"), (1234.5, 1, "1,234.5"),
  ])
  func decimal(number: Double, places: Int, text: String) {
    #expect(Format.decimal(number, places) == text)
  }

  @Test(arguments: [(59, "0:59"), (61, "1:01"), (3661, "1:01:01")])
  func clock(seconds: Int, text: String) { #expect(Format.clock(.seconds(seconds)) == text) }

  @Test func rate() { #expect(Format.rate(bytes: 1_234_000_000, in: .seconds(1)) == "1.23 GB/s") }

  @Test(
    arguments: [
      ("250ms", Duration.milliseconds(250)), ("5s", .seconds(5)), ("2m", .seconds(120)),
      ("1h", .seconds(3600)), ("10us", .microseconds(10)), ("0s", .zero),
    ])
  func timeLimit(text: String, duration: Duration) {
    #expect(TimeLimit(text)?.duration == duration)
  }

  @Test(arguments: ["", "5", "s", "1.5s", "-1s", "5 s", "5S", "99999999999h", "٥s"])
  func noTimeLimit(text: String) { #expect(TimeLimit(text) == nil) }
}
