/// A party of a segment as its slot names it.
struct Party: Hashable {
  let process: UInt32
  let name: String

  /// From a slot's bytes, which any party may have written.
  init(_ slot: [UInt8]) {
    process = UInt32(littleEndian: slot, at: SegmentLayout.partyProcess)
    let name = slot.dropFirst(SegmentLayout.partyName).prefix { $0 != 0 }
    self.name = String(
      String(decoding: name, as: UTF8.self).filter { $0.isASCII && !$0.isNewline && $0 >= " " })
  }

  /// This process.
  static var current: [UInt8] {
    var slot = [UInt8](repeating: 0, count: SegmentLayout.partyBytes)
    slot.store(ThisProcess.identifier, at: SegmentLayout.partyProcess)
    let name = ThisProcess.name.utf8.prefix(SegmentLayout.partyNameBytes - 1)
    slot.replaceSubrange(SegmentLayout.partyName..<SegmentLayout.partyName + name.count, with: name)
    return slot
  }
}

extension Party: CustomStringConvertible {
  var description: String { "process \(process) (\(name))" }
}

// MARK: Little-endian words in bytes

extension FixedWidthInteger {
  init(littleEndian bytes: [UInt8], at offset: Int) {
    self = bytes[offset..<offset + MemoryLayout<Self>.size].reversed().reduce(0) {
      $0 << 8 | Self($1)
    }
  }
}

extension [UInt8] {
  mutating func store<Word: FixedWidthInteger>(_ word: Word, at offset: Int) {
    for index in 0..<MemoryLayout<Word>.size {
      self[offset + index] = UInt8(truncatingIfNeeded: word >> (8 * index))
    }
  }
}
