internal import Glibc

/// Counts frames of lanes in a file, for who only looks: what is read there gets no memory by that, as it would
/// if it were mapped.
struct FileFrames: ~Copyable {
  let descriptor: Int32
  let place: ChannelMapping.Place
  let capacity: Int
  let unit: Int
  /// Bytes that may still be looked at: enough for what senders leave, and a bound for what somebody feigns.
  private var left = 64 << 20

  init(_ descriptor: Int32, _ place: ChannelMapping.Place, _ capacity: Int, _ format: MessageFormat)
  {
    self.descriptor = descriptor
    self.place = place
    self.capacity = capacity
    unit = format.positionUnit
  }

  /// How many frames begin in `range` of a lane; nil if they cannot be read, or are no frames.
  mutating func count(in range: Range<Int>, of lane: Int) -> Int? {
    guard range.count <= min(left, capacity) else { return nil }
    left -= range.count
    let start = range.lowerBound & (capacity - 1)
    let beyond = max(0, start + range.count - capacity)
    var bytes: [UInt8] = []
    for part in [start..<start + range.count - beyond, 0..<beyond] {
      guard let read = read(part, of: lane) else { return nil }
      bytes += read
    }
    var (position, count) = (0, 0)
    while position < bytes.count {
      let header = unsafe bytes.withUnsafeBytes {
        unsafe UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: UInt64.self))
      }
      position = Frames.end(of: position, header, unit: unit)
      guard position <= bytes.count else { return nil }
      count += 1
    }
    return count
  }

  private func read(_ part: Range<Int>, of lane: Int) -> [UInt8]? {
    let offset = place.data + lane * capacity + part.lowerBound
    var done = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: part.count) { buffer, count in
      while done < part.count {
        let got = unsafe pread(
          descriptor, buffer.baseAddress.map { unsafe $0 + done }, part.count - done, offset + done)
        if got < 0, errno == EINTR { continue }
        guard got > 0 else { break }
        done += got
      }
      count = done
    }
    return done == part.count ? bytes : nil
  }
}
