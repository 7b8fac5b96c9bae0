/// The loops of the shuffle. The compiler makes vector code of them where the width is a constant.
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

  // Those of structs. One plane after the other: of two writes the second is beside the first.

  static func spread(
    _ source: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>, _ elements: Int,
    anyWidth width: Int
  ) {
    for byte in 0..<width {
      let (from, to) = unsafe (source + byte, target + byte &* elements)
      for element in 0..<elements { unsafe to[element] = from[element &* width] }
    }
  }

  static func gather(
    _ source: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>, _ elements: Int,
    anyWidth width: Int
  ) {
    for byte in 0..<width {
      let (from, to) = unsafe (source + byte &* elements, target + byte)
      for element in 0..<elements { unsafe to[element &* width] = from[element] }
    }
  }
}
