/// The two loops of the shuffle. The compiler makes vector code of them where the width is a constant.
enum Shuffle {
  /// Byte `k` of each element goes to the plane `k`.
  @inline(__always)
  static func spread(
    _ source: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>, _ elements: Int,
    width: Int
  ) {
    for element in 0..<elements {
      for byte in 0..<width {
        unsafe target[byte &* elements &+ element] = source[element &* width &+ byte]
      }
    }
  }

  /// The other way round.
  @inline(__always)
  static func gather(
    _ source: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>, _ elements: Int,
    width: Int
  ) {
    for element in 0..<elements {
      for byte in 0..<width {
        unsafe target[element &* width &+ byte] = source[byte &* elements &+ element]
      }
    }
  }
}
