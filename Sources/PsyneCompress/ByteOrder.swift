/// How the bytes of a block lie when LZ4 sees them: as they are, or shuffled: first the first byte of each
/// element, then the second of each, and so on. Neighbours are alike in their exponents, and differ in their
/// last bits; shuffled, what is alike lies together.
struct ByteOrder: Equatable {
  /// Bytes of an element: 2 to 64; 1 leaves all as it is.
  let width: Int
  /// Bytes before the first whole element, which stay where they are, as do those behind the last.
  let lead: Int

  static let plain = ByteOrder(width: 1, lead: 0)

  private init(width: Int, lead: Int) {
    self.width = width
    self.lead = lead
  }

  /// - Parameter position: bytes of the stream before the block, which says where elements begin in it:
  ///   frames are multiples of 8 bytes long, or of an element.
  init(width: Int, position: UInt64) {
    let begun = Int(position % UInt64(width))
    self.init(width: width, lead: begun == 0 ? 0 : width - begun)
  }

  /// The longest elements that are shuffled whole.
  static let longest = 64

  /// What elements of so many bytes are shuffled by: whole ones, so that the fields of structs come apart; long
  /// ones, of which a block has few, by the longest of 8, 4 and 2 that divides them; else 1.
  static func width(elementSize: Int) -> Int {
    guard elementSize > longest else { return max(1, elementSize) }
    return min(8, elementSize & -elementSize)
  }

  private func elements(_ count: Int) -> Int { max(0, count - lead) / width }

  /// Copies a block into this order.
  func arrange(
    _ source: UnsafePointer<UInt8>, into target: UnsafeMutablePointer<UInt8>, count: Int
  ) {
    let elements = elements(count)
    guard width > 1, elements > 1 else {
      return unsafe target.update(from: source, count: count)
    }
    unsafe target.update(from: source, count: lead)
    let (from, to) = unsafe (source + lead, target + lead)
    switch width {
    case 2: unsafe Shuffle.spread(from, to, elements, width: 2)
    case 4: unsafe Shuffle.spread(from, to, elements, width: 4)
    case 8: unsafe Shuffle.spread(from, to, elements, width: 8)
    default: unsafe Shuffle.spread(from, to, elements, anyWidth: width)
    }
    let done = lead + elements * width
    unsafe (target + done).update(from: source + done, count: count - done)
  }

  /// Copies a block that is in this order into that of the stream.
  func restore(
    _ source: UnsafePointer<UInt8>, into target: UnsafeMutablePointer<UInt8>, count: Int
  ) {
    let elements = elements(count)
    guard width > 1, elements > 1 else {
      return unsafe target.update(from: source, count: count)
    }
    unsafe target.update(from: source, count: lead)
    let (from, to) = unsafe (source + lead, target + lead)
    switch width {
    case 2: unsafe Shuffle.gather(from, to, elements, width: 2)
    case 4: unsafe Shuffle.gather(from, to, elements, width: 4)
    case 8: unsafe Shuffle.gather(from, to, elements, width: 8)
    default: unsafe Shuffle.gather(from, to, elements, anyWidth: width)
    }
    let done = lead + elements * width
    unsafe (target + done).update(from: source + done, count: count - done)
  }
}
