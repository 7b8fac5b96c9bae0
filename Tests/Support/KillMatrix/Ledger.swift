import Glibc
import Synchronization
import TestSupport

/// What one party of a cell has done, in memory that outlives it.
@safe
final class Ledger: @unchecked Sendable {
  // Unchecked: a constant pointer to atomics.
  private let words: UnsafeMutableRawPointer
  private static let wordCount = 1 << 19
  private static let firstEntry = 16

  /// - Parameter path: of a file that another process maps too; nil for a party of this process.
  init(path: String?) throws {
    var descriptor: Int32 = -1
    if let path {
      descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw SystemCallError("open \(path)") }
      guard ftruncate(descriptor, Self.wordCount * 8) == 0 else {
        throw SystemCallError("ftruncate \(path)")
      }
    }
    defer { if descriptor >= 0 { Glibc.close(descriptor) } }
    let flags = path == nil ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED
    let mapped = unsafe mmap(
      nil, Self.wordCount * 8, PROT_READ | PROT_WRITE, flags, descriptor, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
      throw SystemCallError("mmap")
    }
    unsafe words = mapped
  }

  deinit { unsafe munmap(words, Self.wordCount * 8) }

  enum Counter: Int {
    /// Messages that were being sent, and that had been sent.
    case attempted, sent
    /// 1 while an end is held.
    case holding
    /// Set by the controller: end as soon as possible; read on to the end of the stream.
    case stop, last
    case entries, died, torn, claims, delivered
  }

  private func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    unsafe (words + index * 8).assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  subscript(_ counter: Counter) -> Int {
    get {
      Int(truncatingIfNeeded: unsafe word(counter.rawValue).pointee.load(ordering: .acquiring))
    }
    set {
      unsafe word(counter.rawValue).pointee
        .store(UInt64(truncatingIfNeeded: newValue), ordering: .releasing)
    }
  }

  var isFull: Bool { self[.entries] >= Self.wordCount - Self.firstEntry - 64 }
}

// MARK: Entries

/// What a receiver was given.
enum Entry: Equatable {
  case message(sender: Int, number: Int, isRedelivery: Bool)
  case lost(Int)
  /// An end was claimed anew.
  case claimed
  case died
  case closed
  case evicted

  var word: UInt64 {
    switch self {
    case .message(let sender, let number, let isRedelivery):
      UInt64(isRedelivery ? 1 : 0) << 52 | UInt64(sender) << 40 | UInt64(number)
    case .lost(let count): 1 << 60 | UInt64(count)
    case .claimed: 2 << 60
    case .died: 3 << 60
    case .closed: 4 << 60
    case .evicted: 5 << 60
    }
  }

  init(word: UInt64) {
    switch word >> 60 {
    case 0:
      self = .message(
        sender: Int(word >> 40 & 0xFFF), number: Int(word & 0xFF_FFFF_FFFF),
        isRedelivery: word >> 52 & 1 == 1)
    case 1: self = .lost(Int(word & 0xFF_FFFF_FFFF))
    case 2: self = .claimed
    case 3: self = .died
    case 4: self = .closed
    default: self = .evicted
    }
  }
}

extension Ledger {
  func note(_ entry: Entry) {
    let count = self[.entries]
    unsafe word(Self.firstEntry + count).pointee.store(entry.word, ordering: .relaxed)
    self[.entries] = count + 1
    if case .message = entry { self[.delivered] += 1 }
    if entry == .died { self[.died] += 1 }
  }

  var entries: [Entry] { (0..<self[.entries]).map(entry) }

  /// Nil before the first.
  var lastEntry: Entry? {
    let count = self[.entries]
    return count > 0 ? entry(count - 1) : nil
  }

  private func entry(_ index: Int) -> Entry {
    Entry(word: unsafe word(Self.firstEntry + index).pointee.load(ordering: .relaxed))
  }
}
