internal import Glibc
internal import Psyne

/// Messages that both ends of a wire make for themselves: one sends them, the other compares.
struct WireParcel<Body: WireBody> {
  private(set) var elements: [Body.Element] = []
  /// Behind the last element of each message.
  private var ends: [Int] = []

  /// How many messages there are.
  var count: Int { ends.count }
  /// Of what a program would say that it sends.
  var bytes: Int { elements.count * MemoryLayout<Body.Element>.stride }

  /// - Parameters:
  ///   - bytes: as many as there shall be, about.
  ///   - message: appends the elements of the next message.
  init(_ bytes: Int, _ message: (inout [Body.Element], _ index: Int) -> Void) {
    let wanted = max(1, bytes / MemoryLayout<Body.Element>.stride)
    elements.reserveCapacity(wanted + 1024)
    while elements.count < wanted {
      message(&elements, ends.count)
      ends.append(elements.count)
    }
  }

  /// The elements of a message.
  func range(_ index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }

  /// Whether these are all bytes of a message.
  func equals(_ other: Span<Body.Element>, _ index: Int) -> Bool {
    let message = elements.span.extracting(range(index))
    return unsafe message.withUnsafeBytes { ours in
      unsafe other.withUnsafeBytes { theirs in
        guard ours.count == theirs.count else { return false }
        guard let ours = ours.baseAddress, let theirs = theirs.baseAddress else {
          return true
        }
        return unsafe memcmp(ours, theirs, message.count * MemoryLayout<Body.Element>.stride) == 0
      }
    }
  }
}
