import Testing

@testable import PsyneCore

@Suite("Heap of deadlines")
struct DeadlineHeapTests {
  @Test("the earliest comes first, whatever has been removed", arguments: 0..<20)
  func order(seed: Int) throws {
    let words = try Words()
    var random = SeededRandom(seed: UInt64(seed))
    var heap = DeadlineHeap()
    var inside: [Wait] = []
    for _ in 0..<400 {
      if inside.isEmpty || .random(in: 0..<5, using: &random) > 1 {
        let wait = words.makeWait(deadline: .random(in: 0..<100, using: &random))
        heap.insert(wait)
        inside.append(wait)
      } else {
        let wait = inside.remove(at: .random(in: inside.indices, using: &random))
        heap.remove(wait)
        // A second time does nothing.
        heap.remove(wait)
      }
      #expect(heap.earliest == inside.map(\.deadline).min() ?? .max)
    }
    let sorted = inside.map(\.deadline).sorted()
    #expect(heap.removeDue(-1)?.deadline == nil)
    let removed = inside.indices.compactMap { _ in heap.removeDue(100)?.deadline }
    #expect(removed == sorted)
    #expect(heap.earliest == .max)
  }
}

extension Words {
  fileprivate func makeWait(deadline: Int64) -> Wait {
    unsafe Wait(word: address, expected: 1, deadline: deadline)
  }
}
