/// Waits by deadline, the earliest first. A wait knows its place, so that one that ends early leaves
/// nothing behind: insertion and removal take O(log n).
struct DeadlineHeap {
  private var waits: [Wait] = []

  /// `Int64.max` if there is none.
  var earliest: Int64 { waits.first?.deadline ?? .max }

  mutating func insert(_ wait: Wait) {
    waits.append(wait)
    rise(wait, from: waits.count - 1)
  }

  /// Does nothing if it is not in the heap.
  mutating func remove(_ wait: Wait) {
    let index = wait.heapIndex
    guard index >= 0 else { return }
    wait.heapIndex = -1
    let last = waits.removeLast()
    guard last !== wait else { return }
    // The last one takes the place, and goes where it belongs from there.
    rise(last, from: index)
    if last.heapIndex == index { sink(last, from: index) }
  }

  /// The earliest, if it is due at `now`.
  mutating func removeDue(_ now: Int64) -> Wait? {
    guard let first = waits.first, first.deadline <= now else { return nil }
    remove(first)
    return first
  }

  private mutating func place(_ wait: Wait, at index: Int) {
    waits[index] = wait
    wait.heapIndex = index
  }

  private mutating func rise(_ wait: Wait, from start: Int) {
    var index = start
    while index > 0 {
      let parent = waits[(index - 1) / 2]
      guard wait.deadline < parent.deadline else { break }
      place(parent, at: index)
      index = (index - 1) / 2
    }
    place(wait, at: index)
  }

  private mutating func sink(_ wait: Wait, from start: Int) {
    var index = start
    while true {
      var child = 2 * index + 1
      guard child < waits.count else { break }
      if child + 1 < waits.count, waits[child + 1].deadline < waits[child].deadline { child += 1 }
      guard waits[child].deadline < wait.deadline else { break }
      place(waits[child], at: index)
      index = child
    }
    place(wait, at: index)
  }
}
