/// The format as its description has it, written a second time, slowly, and with every index checked.
struct ModelDecoder {
  let width: Int
  let dictionary: [UInt8]?
  /// As LZ4 sees it: the last 64 KiB, and more now and then.
  private var history: [UInt8]
  private var isFirst = true
  private var position = 0

  init(width: Int, dictionary: [UInt8]?) {
    self.width = width
    self.dictionary = dictionary
    history = dictionary ?? []
  }

  mutating func passed(_ block: [UInt8]) {
    remember(block)
    position += block.count
  }

  /// Nil for what makes no block of that size. LZ4 itself refuses more: it wants ends of blocks as its
  /// compressor makes them.
  mutating func decode(_ encoded: [UInt8], size: Int) -> [UInt8]? {
    guard let first = encoded.first, encoded.count < size else { return nil }
    var content = encoded.dropFirst()
    if first & 0x80 != 0 {
      guard isFirst, let dictionary, content.count > 8 else { return nil }
      guard Array(content.prefix(8)) == Self.fingerprint(dictionary) else { return nil }
      content = content.dropFirst(8)
    } else if isFirst && dictionary != nil {
      return nil
    }
    let shuffled = Int(first & 0x7f)
    guard shuffled == 0 || shuffled == width && width > 1 else { return nil }
    guard let arranged = decompress(Array(content)), arranged.count == size else { return nil }
    let block = shuffled == 0 ? arranged : restore(arranged)
    remember(arranged)
    position += size
    isFirst = false
    return block
  }

  private func decompress(_ content: [UInt8]) -> [UInt8]? {
    var next = 0
    var out = history
    func length(_ nibble: UInt8) -> Int? {
      var length = Int(nibble)
      guard nibble == 15 else { return length }
      while next < content.count {
        let byte = content[next]
        next += 1
        length += Int(byte)
        if byte < 255 { return length }
      }
      return nil
    }
    while next < content.count {
      let token = content[next]
      next += 1
      guard let literals = length(token >> 4), literals <= content.count - next else { return nil }
      out += content[next..<next + literals]
      next += literals
      // The last sequence has no match.
      if next == content.count { return Array(out[history.count...]) }
      guard content.count - next >= 2 else { return nil }
      let offset = Int(content[next]) | Int(content[next + 1]) << 8
      next += 2
      guard offset > 0, offset <= out.count, let match = length(token & 15) else { return nil }
      guard out.count - history.count + match <= 1 << 17 else { return nil }
      for _ in 0..<match + 4 { out.append(out[out.count - offset]) }
    }
    return nil
  }

  private func restore(_ arranged: [UInt8]) -> [UInt8] {
    var block = arranged
    let lead = (width - position % width) % width
    let elements = max(0, arranged.count - lead) / width
    guard elements > 1 else { return block }
    for element in 0..<elements {
      for byte in 0..<width {
        block[lead + element * width + byte] = arranged[lead + byte * elements + element]
      }
    }
    return block
  }

  private mutating func remember(_ block: [UInt8]) {
    history += block
    if history.count > 4 << 16 { history.removeFirst(history.count - 1 << 16) }
  }

  private static func fingerprint(_ bytes: [UInt8]) -> [UInt8] {
    let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    return (0..<8).map { UInt8(truncatingIfNeeded: hash >> (8 * UInt64($0))) }
  }
}
