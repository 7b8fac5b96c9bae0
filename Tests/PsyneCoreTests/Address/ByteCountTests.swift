import PsyneCore
import Testing

@Suite("Byte counts")
struct ByteCountTests {
  @Test(
    "a number with a unit, or without one, is read",
    arguments: [
      ("0", 0), ("1", 1), ("007", 7), ("65536", 65536), ("12B", 12), ("2kB", 2000), ("2KB", 2000),
      ("3MB", 3_000_000), ("4GB", 4_000_000_000), ("64KiB", 65536), ("10MiB", 10_485_760),
      ("4GiB", 1 << 32), ("9223372036854775807", .max), ("8589934591GiB", 8_589_934_591 << 30),
      ("9223372036GB", 9_223_372_036_000_000_000),
    ])
  func valid(text: String, bytes: Int) {
    #expect(ByteCount(text)?.bytes == bytes)
  }

  @Test(
    "anything else, and more than an Int holds, is nothing",
    arguments: [
      "", " ", "B", "KiB", "-1", "+1", "1.5MiB", "1,000", "1_000", " 1", "1 ", "1 MiB", "1mib",
      "1kib", "1Kib", "1k", "1M", "1TiB", "1bytes", "0x10", "1e3", "9223372036854775808",
      "99999999999999999999", "8589934592GiB", "9223372036854775807kB", "9223372037GB", "１", "٣",
      "1\u{301}", "10\u{301}MiB", "1\u{212a}iB", "1Ki\u{0}B", "1\u{0}", "½", "1🅱",
    ])
  func invalid(text: String) {
    #expect(ByteCount(text) == nil)
  }

  @Test("is written in the largest binary unit that divides it, and read back as the same")
  func description() {
    let written = [
      0: "0 B", 1: "1 B", 1000: "1000 B", 1024: "1 KiB", 1536: "1536 B", 4096: "4 KiB",
      1 << 20: "1 MiB", 10 << 20: "10 MiB", 1 << 30: "1 GiB", 3 << 30: "3 GiB", 1 << 40: "1024 GiB",
    ]
    for (bytes, text) in written { #expect(ByteCount.bytes(bytes).description == text) }
    for bytes in [0, 5, 4096, 12345, 1 << 22, 7 << 30, .max] {
      let text = ByteCount.bytes(bytes).description.replacing(" ", with: "")
      #expect(ByteCount(text) == .bytes(bytes))
    }
  }

  @Test("units in code are those of the address, and out of range ends there, not beyond it")
  func units() {
    #expect(ByteCount.kibibytes(64) == ByteCount("64KiB"))
    #expect(ByteCount.mebibytes(10) == ByteCount("10MiB"))
    #expect(ByteCount.gibibytes(3) == ByteCount("3GiB"))
    #expect(ByteCount.gibibytes(1) > .mebibytes(1023))
    // As large as it gets is no lane's capacity either.
    #expect(ByteCount.kibibytes(1 << 54) == .bytes(.max))
    #expect(ByteCount.mebibytes(.max) == .bytes(.max))
    #expect(ByteCount.gibibytes((1 << 34) + 1) == .bytes(.max))
    #expect(ByteCount.gibibytes(.min) < .bytes(0))
  }
}
