/// Bytes under way in one direction, and what becomes of them.
struct SimulatedWire {
  /// How the stream ends for whoever reads it.
  enum End { case inOrder, broken }

  private var bytes: [UInt8] = []
  private var start = 0
  private let capacity: Int
  /// Nothing arrives before.
  var stalledUntil: Int64 = 0
  private var isLost = false
  private var end: End?
  private var endsAt: Int64 = 0

  init(capacity: Int) { self.capacity = capacity }

  var count: Int { bytes.count - start }
  /// What the one that writes can get rid of. It does not notice that all of it is lost.
  var room: Int { end == nil ? max(0, capacity - count) : isLost ? capacity : 0 }

  mutating func write(_ piece: UnsafeRawBufferPointer) {
    if !isLost { unsafe bytes.append(contentsOf: piece) }
  }

  /// At most `limit` bytes that have arrived.
  mutating func read(upTo limit: Int, now: Int64) -> [UInt8] {
    guard now >= stalledUntil else { return [] }
    let taken = Array(bytes[start..<start + min(limit, count)])
    start += taken.count
    if start > 4096 || start == bytes.count {
      bytes.removeFirst(start)
      start = 0
    }
    return taken
  }

  mutating func read(into buffer: UnsafeMutableRawBufferPointer, now: Int64) -> Int {
    let taken = read(upTo: buffer.count, now: now)
    unsafe buffer.copyBytes(from: taken)
    return taken.count
  }

  /// How the stream has ended, for whoever has read everything.
  func ending(now: Int64) -> End? {
    guard let end, now >= endsAt, end == .broken || count == 0 && now >= stalledUntil else {
      return nil
    }
    return end
  }

  mutating func finish() { if end == nil { end = .inOrder } }

  /// What is under way is lost but for the first `kept` bytes, which still arrive if the break is
  /// noticed so late.
  mutating func cut(keeping kept: Int, noticedAt: Int64) {
    guard end != .broken else { return }
    (isLost, end, endsAt) = (true, .broken, noticedAt)
    bytes.removeLast(max(0, count - kept))
  }

  /// What is changed on the way.
  mutating func tamper(_ change: (inout [UInt8]) -> Void) {
    bytes.removeFirst(start)
    start = 0
    change(&bytes)
  }
}

/// Two wires, between a connector and a listener.
final class SimulatedConnection {
  var toListener: SimulatedWire
  var toConnector: SimulatedWire

  init(capacity: Int) {
    toListener = SimulatedWire(capacity: capacity)
    toConnector = SimulatedWire(capacity: capacity)
  }
}
