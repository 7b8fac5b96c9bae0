/// Times at which clients are to be called: one each, the earliest that was asked for.
struct TimerQueue {
  private var heap: [(time: Int64, tag: UInt64)] = []
  private var times: [UInt64: Int64] = [:]

  /// Those that were replaced included.
  var count: Int { heap.count }
  var earliest: Int64 { heap.first?.time ?? .max }

  /// True if it is the earliest of all.
  mutating func add(_ time: Int64, _ tag: UInt64) -> Bool {
    if let pending = times[tag], pending <= time { return false }
    times[tag] = time
    if heap.count > 2 * times.count + 64 { forgetReplaced() }
    heap.append((time, tag))
    var index = heap.count - 1
    while index > 0, heap[index].time < heap[(index - 1) / 2].time {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
    return index == 0
  }

  /// The next client whose time has come. What was replaced by an earlier time is passed over.
  mutating func take(before now: Int64) -> UInt64? {
    while let first = heap.first, first.time <= now {
      removeFirst()
      guard times[first.tag] == first.time else { continue }
      times[first.tag] = nil
      return first.tag
    }
    return nil
  }

  /// Whether a client's time has come, which is then taken.
  mutating func take(_ tag: UInt64, before now: Int64) -> Bool {
    guard let time = times[tag], time <= now else { return false }
    times[tag] = nil
    while let first = heap.first, times[first.tag] != first.time { removeFirst() }
    return true
  }

  /// Those that were replaced by earlier ones and lie far ahead, so that they do not pile up. A sorted array
  /// is a heap.
  private mutating func forgetReplaced() {
    heap.removeAll { times[$0.tag] != $0.time }
    heap.sort { $0.time < $1.time }
  }

  private mutating func removeFirst() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var index = 0
    while true {
      let left = 2 * index + 1
      guard left < heap.count else { return }
      let right = left + 1
      let child = right < heap.count && heap[right].time < heap[left].time ? right : left
      guard heap[child].time < heap[index].time else { return }
      heap.swapAt(index, child)
      index = child
    }
  }
}
