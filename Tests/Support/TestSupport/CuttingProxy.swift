public import Glibc
import Synchronization

/// Stands between two sides of TCP and cuts their connections: with a reset, after so many bytes.
public final class CuttingProxy: Sendable {
  public let port: UInt16
  private let listener: Int32
  private let target: UInt16
  private let cut: @Sendable () -> Int
  private let state = Mutex(State())

  private struct State {
    var cuts = 0
    var isCutting = true
    var isStopped = false
    var pairs: [[Int32]] = []
    /// While true, connections stay and nothing passes.
    var isStalled = false
  }

  /// - Parameter cut: after how many bytes, of both directions together, the next connection is cut.
  public init(to target: UInt16, cutAfter cut: @escaping @Sendable () -> Int) throws {
    self.target = target
    self.cut = cut
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = Self.loopback(0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        unsafe bind(listener, address, size) == 0 && listen(listener, 64) == 0
          && getsockname(listener, address, &size) == 0
      }
    }
    guard isBound else { throw SystemCallError("bind") }
    port = UInt16(bigEndian: address.sin_port)
    _ = BackgroundThread { [self] in run() }
  }

  public var cuts: Int { state.withLock(\.cuts) }
  /// Lets connections live from now on.
  public func beKind() { state.withLock { $0.isCutting = false } }
  public func stall(_ isStalled: Bool) { state.withLock { $0.isStalled = isStalled } }
  /// Cuts what there is now.
  public func cutAll() {
    let pairs = state.withLock { state in
      state.cuts += 1
      return state.pairs
    }
    for pair in pairs { for end in pair { _ = shutdown(end, Int32(SHUT_RDWR)) } }
  }
  public func stop() {
    state.withLock { $0.isStopped = true }
    _ = shutdown(listener, Int32(SHUT_RDWR))
    cutAll()
  }

  private func run() {
    while !state.withLock(\.isStopped) {
      let near = accept(listener, nil, nil)
      guard near >= 0 else { break }
      let far = Self.connect(target)
      guard far >= 0 else {
        close(near)
        continue
      }
      state.withLock { $0.pairs.append([near, far]) }
      _ = BackgroundThread { [self] in forward(near, far) }
    }
    close(listener)
  }

  private func forward(_ near: Int32, _ far: Int32) {
    var left = cut()
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    var isReset = false
    relay: while true {
      if state.withLock(\.isStalled) {
        pass(microseconds: 1000)
        if state.withLock(\.isStopped) { break }
        continue
      }
      var polled = [near, far].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      guard unsafe poll(&polled, 2, 20) >= 0 else { break }
      for (index, entry) in polled.enumerated() where entry.revents != 0 {
        let isCutting = state.withLock(\.isCutting)
        let room = isCutting ? min(buffer.count, max(left, 1)) : buffer.count
        let count = unsafe recv([near, far][index], &buffer, room, 0)
        guard count > 0 else { break relay }
        guard Self.sendAll([far, near][index], buffer, count) else { break relay }
        left -= count
        if isCutting, left <= 0 {
          isReset = true
          break relay
        }
      }
    }
    state.withLock { state in
      if isReset { state.cuts += 1 }
      state.pairs.removeAll { $0 == [near, far] }
    }
    for end in [near, far] {
      if isReset {
        var hard = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(end, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
      }
      close(end)
    }
  }

  private static func sendAll(_ end: Int32, _ bytes: [UInt8], _ count: Int) -> Bool {
    var sent = 0
    while sent < count {
      let more = unsafe bytes.withUnsafeBytes { buffer in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[sent..<count])
        return unsafe send(end, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
      }
      guard more > 0 else { return false }
      sent += more
    }
    return true
  }

  public static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }

  /// A connected socket, blocking; negative if nobody listens.
  public static func connect(_ port: UInt16) -> Int32 {
    let end = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if connect(end, to: port) { return end }
    close(end)
    return -1
  }

  public static func connect(_ end: Int32, to port: UInt16) -> Bool {
    var address = loopback(port)
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(end, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
