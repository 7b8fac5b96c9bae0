@testable import PsyneCompress
import TestSupport
import Testing

@Suite("Byte order")
struct ByteOrderTests {
  private func arranged(_ bytes: [UInt8], _ order: ByteOrder) -> [UInt8] {
    var target = [UInt8](repeating: 0, count: bytes.count)
    unsafe bytes.withUnsafeBufferPointer { source in
      unsafe target.withUnsafeMutableBufferPointer { target in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        unsafe order.arrange(from, into: to, count: bytes.count)
      }
    }
    return target
  }

  private func restored(_ bytes: [UInt8], _ order: ByteOrder) -> [UInt8] {
    var target = [UInt8](repeating: 0, count: bytes.count)
    unsafe bytes.withUnsafeBufferPointer { source in
      unsafe target.withUnsafeMutableBufferPointer { target in
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        unsafe order.restore(from, into: to, count: bytes.count)
      }
    }
    return target
  }

  @Test("first bytes of elements lie first, wherever the block begins in the stream")
  func example() {
    let bytes = (0..<14).map { UInt8($0) }
    #expect(arranged(bytes, .plain) == bytes)
    #expect(
      arranged(bytes, ByteOrder(width: 4, position: 16))
        == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, 12, 13])
    #expect(
      arranged(bytes, ByteOrder(width: 4, position: 13))
        == [0, 1, 2, 3, 7, 4, 8, 5, 9, 6, 10, 11, 12, 13])
    #expect(
      arranged(bytes, ByteOrder(width: 2, position: 7))
        == [0, 1, 3, 5, 7, 9, 11, 2, 4, 6, 8, 10, 12, 13])
    #expect(
      arranged(bytes, ByteOrder(width: 6, position: 11))
        == [0, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11, 6, 12, 13])
  }

  @Test("every width, phase and size comes back")
  func restores() {
    for width in [1, 2, 3, 4, 8, 12, 32, 64] {
      for position in 0..<(width < 9 ? 16 : 65) {
        for count in Array(0...70) + [1000, 1001, 4099] {
          let bytes = (0..<count).map { UInt8($0 * 7 & 0xff) }
          let order = ByteOrder(width: width, position: UInt64(position))
          #expect(restored(arranged(bytes, order), order) == bytes)
        }
      }
    }
    #expect(ByteOrder(width: 8, position: .max).lead == 1)
  }

  @Test("what elements are shuffled by")
  func widths() {
    let expected = [
      0: 1, 1: 1, 2: 2, 3: 3, 4: 4, 8: 8, 12: 12, 48: 48, 64: 64, 65: 1, 66: 2, 68: 4, 128: 8,
    ]
    for (size, width) in expected {
      #expect(ByteOrder.width(elementSize: size) == width, "\(size)")
    }
  }
}
