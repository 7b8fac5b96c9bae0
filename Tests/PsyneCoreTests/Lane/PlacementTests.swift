import CPsyne
import Glibc
import PsyneCore
import TestSupport
import Testing

/// Huge pages and memory nodes.
@Suite("Placement", .serialized)
struct PlacementTests {
  private func open(_ uri: String) throws -> SPSCChannel<Bytes> { try makeRegistry().open(uri) }

  /// Bytes of shared memory that this process has mapped in huge pages.
  private func hugeBytes() throws -> Int {
    let text = try readText("/proc/self/smaps_rollup")
    let line = text.split(separator: "\n").first { $0.hasPrefix("ShmemPmdMapped:") }
    let number = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return try #require(number) * 1024
  }

  static let canHaveHugePages: Bool = {
    let path = "/sys/kernel/mm/transparent_hugepage/shmem_enabled"
    guard let text = try? readText(path) else { return false }
    return !text.contains("[deny]")
  }()

  @Test("huge pages that are asked for are there, in both copies, and carry messages")
  func hugePages() throws {
    let before = try hugeBytes()
    do {
      let channel = try open("memory://c?capacity=4MiB&hugepages=yes")
      #expect(try hugeBytes() - before >= 8 << 20)
      var sender = try channel.sender()
      var receiver = try channel.receiver()
      // Past the end of the lane, so that both copies are written.
      for number in 0..<40 {
        var loan = try sender.reserve(count: 300_000)
        Pattern.fill(&loan, number)
        loan.send()
        #expect(try receiver.pollMatches(number, count: 300_000))
      }
    } catch let error as TransportError {
      // Memory in small pieces, or a kernel that denies them, is no fault of ours, and is told.
      #expect(
        error.message.contains(
          Self.canHaveHugePages
            ? "no memory in pieces of that size"
            : "echo advise > /sys/kernel/mm/transparent_hugepage/shmem_enabled"))
    }
  }

  @Test("a channel smaller than a huge page: an error if required, a diagnostic if tried")
  func tooSmall() throws {
    let log = DiagnosticLog.shared
    let error = try #require(failure { _ = try open("memory://c?capacity=1MiB&hugepages=yes") })
    #expect(error.code == .invalidOption)
    #expect(error.message.contains("'memory://c?capacity=1MiB&hugepages=yes' has a capacity of 1 "))
    #expect(error.message.contains("at least 2 MiB"))
    let name = "memory://small-but-huge?capacity=1MiB&hugepages=try"
    let channel = try open(name)
    #expect(channel.capacity == 1 << 20)
    let messages = log.messages(.hugePages, mentioning: name)
    #expect(messages.count == 1 && messages[0].hasSuffix("going on without"))
  }

  @Test("data that is not aligned in its file is told apart from a system that refuses")
  func unaligned() throws {
    let file = unsafe cpsyne_memfd_create("test")
    defer { close(file) }
    let shape = ChannelShape(kind: .spsc, producers: 1, consumers: 1, capacity: 2 << 20)
    #expect(shape.headerBytes % shape.capacity != 0)
    #expect(ftruncate(file, shape.bytes) == 0)
    let address = try ChannelAddress("memory://unaligned")
    func map(_ huge: HugePages) throws(TransportError) -> ChannelMapping {
      try ChannelMapping(
        descriptor: file, place: ChannelMapping.Place(headers: 0, data: shape.headerBytes),
        shape: shape,
        placement: LanePlacement(ChannelOptions(hugePages: huge), of: address))
    }
    let error = try #require(failure { _ = try map(.required) })
    #expect(error.code == .mismatch)
    #expect(error.message.contains("made without huge pages in mind"))
    let log = DiagnosticLog.shared
    let mapping = try map(.ifPossible)
    #expect(mapping.shape.capacity == 2 << 20)
    #expect(log.messages(.hugePages, mentioning: "memory://unaligned").count == 1)
  }

  @Test("a channel that is there already is not moved: what is required and missing is told")
  func existing() throws {
    let registry = makeRegistry()
    let plain: SPSCChannel<Bytes> = try registry.open("memory://c")
    for (option, words) in [("hugepages=yes", "without huge pages"), ("numa=0", "memory node 0")] {
      let error = try #require(
        failure { _ = try registry.open("memory://c?\(option)", as: SPSCChannel<Bytes>.self) })
      #expect(error.code == .mismatch)
      #expect(error.message.contains(words) && error.message.contains("opens it first"))
    }
    let tried: SPSCChannel<Bytes> = try registry.open("memory://c?hugepages=try&numa=try-0")
    #expect(tried.capacity == plain.capacity)
  }

  @Test("a memory node that is there is used")
  func node() throws {
    for option in ["numa=0", "numa=try-0"] {
      let channel = try open("memory://c?capacity=64KiB&\(option)")
      var sender = try channel.sender()
      var receiver = try channel.receiver()
      try sender.send(copying: [1, 2, 3].span)
      let count = try receiver.receive()?.count
      #expect(count == 3)
    }
  }

  @Test("a memory node that is not there: an error that names those that are, or a diagnostic")
  func noNode() throws {
    let error = try #require(failure { _ = try open("memory://c?numa=4000") })
    #expect(error.code == .invalidOption)
    #expect(error.message.contains("no memory node 4000 for 'memory://c?numa=4000'"))
    #expect(error.message.contains("this machine has 0"))
    let log = DiagnosticLog.shared
    let name = "memory://nowhere?numa=try-4000"
    let channel = try open(name)
    #expect(channel.capacity == ChannelOptions.defaultCapacity.bytes)
    #expect(log.messages(.numa, mentioning: name).count == 1)
  }
}
