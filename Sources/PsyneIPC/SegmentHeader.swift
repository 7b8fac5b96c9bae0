internal import PsyneCore

/// The first page of a segment, read as hostile input.
struct SegmentHeader: Equatable {
  let shape: ChannelShape
  let format: MessageFormat
  /// Where the data of the first lane begins.
  let dataOffset: Int

  enum Fault: Error {
    /// No segment of ours: it must not be touched.
    case foreign
    /// Of another version of this library.
    case version(UInt32)
    case damaged(String)

    var isOurs: Bool {
      if case .foreign = self { false } else { true }
    }

    /// - Parameter path: of the file.
    func error(at path: String) -> TransportError {
      switch self {
      case .foreign:
        TransportError(
          .corrupt, "\(path) is no Psyne channel: choose another name, or remove the file")
      case .version(let version):
        TransportError(
          .corrupt,
          "\(path) has layout version \(version) and this program knows \(SegmentLayout.version): "
            + "use one version of Psyne on both sides")
      case .damaged(let what):
        TransportError(.corrupt, "\(path) is damaged (\(what)): close it everywhere")
      }
    }
  }

  init(shape: ChannelShape, format: MessageFormat, dataOffset: Int) {
    self.dataOffset = dataOffset
    self.shape = shape
    self.format = format
  }

  /// - Parameters:
  ///   - bytes: the beginning of the file.
  ///   - fileBytes: the length of the file.
  init(_ bytes: [UInt8], fileBytes: Int) throws(Fault) {
    func word(_ offset: Int) -> UInt32 { UInt32(littleEndian: bytes, at: offset) }
    func long(_ offset: Int) -> UInt64 { UInt64(littleEndian: bytes, at: offset) }
    guard bytes.count >= SegmentLayout.headerBytes,
      long(SegmentLayout.magic) == SegmentLayout.magicNumber
    else { throw .foreign }
    guard word(SegmentLayout.layoutVersion) == SegmentLayout.version else {
      throw .version(word(SegmentLayout.layoutVersion))
    }
    guard let kind = ChannelKind(rawValue: word(SegmentLayout.kind)) else {
      throw .damaged("a kind of channel that does not exist")
    }
    let parties = 1...UInt32(ChannelLayout.maximumParties)
    let (producers, consumers) = (word(SegmentLayout.producers), word(SegmentLayout.consumers))
    guard parties.contains(producers), parties.contains(consumers),
      producers == 1 || kind == .mpsc || kind == .mpmc,
      consumers == 1 || kind != .spsc && kind != .mpsc
    else { throw .damaged("an impossible number of senders or receivers") }
    guard let capacity = Int(exactly: long(SegmentLayout.capacity)),
      LaneLayout.capacity(holding: capacity) == capacity
    else { throw .damaged("an impossible capacity") }
    let shape = ChannelShape(
      kind: kind, producers: Int(producers), consumers: Int(consumers), capacity: capacity)
    // Behind the headers, or at the next huge page.
    let least = SegmentLayout.data(of: shape)
    let huge = ChannelMapping.hugePageBytes
    guard let dataOffset = Int(exactly: long(SegmentLayout.dataOffset)),
      dataOffset == least || dataOffset == (least + huge - 1) & ~(huge - 1)
    else { throw .damaged("data at an impossible place") }
    let expected = SegmentLayout.fileBytes(of: shape, data: dataOffset)
    guard long(SegmentLayout.fileBytes) == UInt64(expected), fileBytes == expected else {
      throw .damaged("\(fileBytes) bytes instead of \(expected)")
    }
    let size = word(SegmentLayout.elementSize)
    let alignment = word(SegmentLayout.elementAlignment)
    guard size > 0, alignment > 0, alignment <= 64, alignment & (alignment - 1) == 0,
      size % alignment == 0, word(SegmentLayout.isFixedSize) <= 1
    else { throw .damaged("an impossible message format") }
    self.shape = shape
    self.dataOffset = dataOffset
    format = MessageFormat(
      type: MessageType(rawValue: word(SegmentLayout.type)), elementSize: Int(size),
      elementAlignment: Int(alignment), isFixedSize: word(SegmentLayout.isFixedSize) == 1)
  }

  var place: ChannelMapping.Place {
    ChannelMapping.Place(headers: SegmentLayout.headers, data: dataOffset)
  }

  var fileBytes: Int { SegmentLayout.fileBytes(of: shape, data: dataOffset) }

  /// Bytes that have memory behind them from the beginning.
  var reservedBytes: Int { SegmentLayout.reservedBytes(of: shape, data: dataOffset) }

  /// The first page.
  var bytes: [UInt8] {
    var page = [UInt8](repeating: 0, count: SegmentLayout.headerBytes)
    page.store(SegmentLayout.magicNumber, at: SegmentLayout.magic)
    page.store(SegmentLayout.version, at: SegmentLayout.layoutVersion)
    page.store(shape.kind.rawValue, at: SegmentLayout.kind)
    page.store(UInt64(fileBytes), at: SegmentLayout.fileBytes)
    page.store(UInt64(shape.capacity), at: SegmentLayout.capacity)
    page.store(UInt32(shape.producers), at: SegmentLayout.producers)
    page.store(UInt32(shape.consumers), at: SegmentLayout.consumers)
    page.store(UInt64(dataOffset), at: SegmentLayout.dataOffset)
    page.store(format.type.rawValue, at: SegmentLayout.type)
    page.store(UInt32(format.elementSize), at: SegmentLayout.elementSize)
    page.store(UInt32(format.elementAlignment), at: SegmentLayout.elementAlignment)
    page.store(UInt32(format.isFixedSize ? 1 : 0), at: SegmentLayout.isFixedSize)
    return page
  }
}
