// Numbers as they travel: little-endian, at fixed offsets.

extension UnsafeMutableRawBufferPointer {
  func put<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
    unsafe storeBytes(of: number.littleEndian, toByteOffset: offset, as: Number.self)
  }
}

extension UnsafeRawBufferPointer {
  func number<Number: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int, as type: Number.Type = Number.self
  ) -> Number {
    Number(littleEndian: unsafe loadUnaligned(fromByteOffset: offset, as: type))
  }

  /// A position in a stream; nil for what no stream gets to.
  func position(at offset: Int) -> Int? {
    let number: UInt64 = unsafe number(at: offset)
    return number < UInt64(LaneLayout.positionLimit) ? Int(number) : nil
  }
}
