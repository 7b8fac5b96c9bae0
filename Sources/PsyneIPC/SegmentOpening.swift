internal import Glibc
internal import PsyneCore

/// Opens a segment: joins the one that is there, adopts or replaces one whose parties are all dead,
/// or creates one.
struct SegmentOpening {
  let address: ChannelAddress
  let directory: String
  let path: String
  let kind: ChannelKind
  let format: MessageFormat
  let options: ChannelOptions
  let access: SegmentAccess
  let placement: LanePlacement

  func open() throws(TransportError) -> LaneSet {
    let giveUp = ContinuousClock.now + File.gatePatience
    while true {
      // Each is nil where another party was faster; then the next look finds what it did.
      if let file = try existingFile() {
        if let lanes = try join(file, until: giveUp) { return lanes }
      } else if let segment = try create() {
        return LaneSet(mapping: segment.mapping, format: format, custody: segment)
      }
      guard ContinuousClock.now < giveUp else { throw busy("another process") }
    }
  }

  private func busy(_ holder: String) -> TransportError {
    TransportError(
      .busy, "\(holder) stopped while opening or closing \(path): let it go on, or end it")
  }
}

// MARK: Creating

extension SegmentOpening {
  /// The segment is built without a name and linked whole: nobody ever finds half of one, and a
  /// creator that dies leaves nothing behind.
  private func create() throws(TransportError) -> Segment? {
    let shape = try ChannelShape(kind, options, at: address)
    let header = SegmentHeader(
      shape: shape, format: format,
      dataOffset: placement.aligned(SegmentLayout.headers + shape.headerBytes, shape.capacity))
    let file = try unnamedFile(header)
    try access.apply(to: file, path)
    _ = file.tryLock(SegmentLayout.partyLocks)
    let segment = try Segment(
      file, path: path, slot: 0, header: header, placement: placement)
    do {
      try segment.link()
    } catch {
      if error.number == EEXIST { return nil }
      throw creationError(error, bytes: header.fileBytes)
    }
    return segment
  }

  private func unnamedFile(_ header: SegmentHeader) throws(TransportError) -> File {
    let bytes = header.reservedBytes
    do throws(SystemError) {
      let file = try File.unnamed(in: directory, permissions: access.mode.rawValue)
      try file.reserve(bytes: bytes)
      try file.resize(to: header.fileBytes)
      try file.write(header.bytes, at: 0)
      try file.write(Party.current, at: SegmentLayout.parties)
      return file
    } catch {
      throw creationError(error, bytes: bytes)
    }
  }

  private func creationError(_ error: SystemError, bytes: Int) -> TransportError {
    switch error.number {
    case EFBIG:
      TransportError(
        .noSpace,
        "'\(address)' needs a file of \(ByteCount.bytes(bytes)) or more, which this process may not make: "
          + "raise its limit (ulimit -f), or ask for a smaller capacity",
        errno: error.number)
    case ENOSPC, ENOMEM, EDQUOT:
      TransportError(
        .noSpace,
        "\(directory) has no room for \(ByteCount.bytes(bytes)) of '\(address)': ask for a smaller capacity, "
          + "or remove what fills it (\(error.text))", errno: error.number)
    case EACCES, EPERM, EROFS:
      TransportError(
        .permissionDenied, "cannot create \(path): \(error.text)", errno: error.number)
    case EOPNOTSUPP, EISDIR:
      TransportError(
        .system,
        "cannot create \(path): the file system of \(directory) has no unnamed files (\(error.text)): "
          + "use a memory file system (tmpfs)", errno: error.number)
    default:
      TransportError(
        .system, "cannot create \(path): \(error.text)\(Errno.advice(error.number))",
        errno: error.number)
    }
  }
}

// MARK: Joining

extension SegmentOpening {
  /// The file under the name, checked to be one that we may map; nil if there is none.
  private func existingFile() throws(TransportError) -> File? {
    guard let file = try openFile() else { return nil }
    let status: FileStatus
    do { status = try file.status() } catch { throw refused(error) }
    guard status.isRegular else { throw denied("it is no regular file: remove it") }
    if let reason = access.refusal(status) { throw denied(reason) }
    guard status.links <= 1 else { throw denied("it has \(status.links) names: remove the others") }
    return file
  }

  private func openFile() throws(TransportError) -> File? {
    do throws(SystemError) {
      return try File.existing(at: path)
    } catch {
      if error.number == ENOENT { return nil }
      throw refused(error)
    }
  }

  private func refused(_ error: SystemError) -> TransportError {
    switch error.number {
    case ELOOP: denied("it is a symbolic link, which is never followed: remove it")
    case ENXIO, EISDIR, ENODEV: denied("it is no regular file: remove it")
    case EACCES, EPERM: denied("it belongs to another user, or its mode forbids it")
    default:
      TransportError(
        .system, "cannot open \(path): \(error.text)\(Errno.advice(error.number))",
        errno: error.number)
    }
  }

  private func denied(_ reason: String) -> TransportError {
    TransportError(.permissionDenied, "cannot use \(path): \(reason)")
  }

  /// Nil if the segment went away or had to be removed: then there is room for a new one.
  private func join(
    _ file: consuming File, until giveUp: ContinuousClock.Instant
  ) throws(TransportError) -> LaneSet? {
    guard file.enterGate(until: giveUp) else { throw busy(file.gateHolder) }
    // From here on nobody comes, leaves or removes the file. Closing the file opens the gate.
    guard let status = try? file.status(), status.links == 1 else { return nil }
    let isAlive = file.hasOtherParties
    let header: SegmentHeader
    do {
      header = try readHeader(file, fileBytes: status.bytes)
    } catch {
      guard !isAlive, error.isOurs else { throw error.error(at: path) }
      if case .version(let version) = error { reportReplaced(version) }
      return try remove()
    }
    file.noteGateHolder()
    do {
      try header.shape.check(kind, options, at: address)
      try header.format.check(format, at: address)
    } catch {
      guard !isAlive, error.code == .mismatch else { throw error }
      return try remove()
    }
    let reserved = header.reservedBytes
    if status.reservedBytes < reserved {
      // Not as we make them. Where memory is full, the first access to a hole would kill us.
      do { try file.reserve(bytes: reserved) } catch {
        throw creationError(error, bytes: reserved)
      }
    }
    guard let slot = file.takeSlot() else {
      throw TransportError(
        .inUse,
        "\(path) is open in \(SegmentLayout.partyCount) places, which is the most: close one")
    }
    Step.reach(.partyJoined)
    let segment = try Segment(
      file, path: path, slot: slot, header: header, placement: placement)
    let lanes = LaneSet(mapping: segment.mapping, format: format, custody: segment)
    // Of no use to us: dropped, it is removed.
    if !isAlive, !lanes.recover() { return nil }
    Step.reach(.segmentRecovered)
    segment.openGate()
    return lanes
  }

  /// Removes a segment whose parties are all dead and which is of no use to us.
  private func remove() throws(TransportError) -> LaneSet? {
    guard unsafe unlink(path) == 0 || errno == ENOENT else {
      let error = SystemError()
      throw TransportError(
        .permissionDenied,
        "cannot replace \(path), which dead processes left behind: let its owner open or remove it (\(error.text))",
        errno: error.number)
    }
    return nil
  }

  private func reportReplaced(_ version: UInt32) {
    Diagnostics.report(
      Diagnostic(
        .replaced,
        "\(path) was left behind by processes that are dead, with layout version \(version) where this program "
          + "knows \(SegmentLayout.version): it is replaced, with what was unread in it"))
  }

  private func readHeader(
    _ file: borrowing File, fileBytes: Int
  ) throws(SegmentHeader.Fault) -> SegmentHeader {
    guard let bytes = try? file.read(SegmentLayout.headerBytes, at: 0) else { throw .foreign }
    return try SegmentHeader(bytes, fileBytes: fileBytes)
  }
}

extension File {
  /// Takes the lock of a free slot and names us in it; nil if all are taken.
  fileprivate func takeSlot() -> Int? {
    let slot = (0..<SegmentLayout.partyCount).first {
      tryLock(SegmentLayout.partyLocks + Int64($0))
    }
    guard let slot else { return nil }
    // A name that cannot be written is missing from messages, no more.
    try? write(Party.current, at: SegmentLayout.parties + slot * SegmentLayout.partyBytes)
    return slot
  }
}
