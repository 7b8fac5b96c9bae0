internal import Glibc
public import PsyneCore

/// What can be seen of a channel between processes by one that has no part in it.
public struct SegmentReport: Sendable {
  public let shape: ChannelShape
  public let format: MessageFormat
  public let statistics: ChannelStatistics
  /// The processes that have it open, as they call themselves.
  public let parties: [String]
}

extension IPCTransport {
  /// Looks at the channel at `uri`, which must exist, without opening it: nobody notices, and nothing
  /// is changed. Being allowed to read its file is enough.
  ///
  /// - Throws: ``TransportError/Code/notFound`` if there is no such channel;
  ///   ``TransportError/Code/permissionDenied``; ``TransportError/Code/corrupt``.
  public func report(on uri: String) throws(TransportError) -> SegmentReport {
    let address = try ChannelAddress(uri)
    guard address.scheme == scheme else {
      throw TransportError(
        .invalidAddress,
        "'\(uri)' is no \(scheme) address: only those can be looked at from outside")
    }
    _ = try ChannelOptions().merging(address, known: optionNames)
    let path = path(of: try address.name())
    let file: File
    do throws(SystemError) {
      file = try File.toRead(at: path)
    } catch {
      throw Self.refused(error, uri, path)
    }
    return try Self.report(file, path)
  }

  private static func refused(_ error: SystemError, _ uri: String, _ path: String) -> TransportError
  {
    switch error.number {
    case ENOENT:
      TransportError(
        .notFound, "there is no channel '\(uri)': nobody has it open (\(path) does not exist)",
        errno: error.number)
    case ELOOP:
      TransportError(
        .permissionDenied, "cannot read \(path): it is a symbolic link, which no channel is",
        errno: error.number)
    case EACCES, EPERM:
      TransportError(.permissionDenied, "cannot read \(path): \(error.text)", errno: error.number)
    default: TransportError(.system, "cannot read \(path): \(error.text)", errno: error.number)
    }
  }

  private static func report(_ file: borrowing File, _ path: String) throws(TransportError)
    -> SegmentReport
  {
    let header: SegmentHeader
    let table: [UInt8]
    do {
      let status = try file.status()
      guard status.isRegular else { throw SegmentHeader.Fault.foreign }
      header = try SegmentHeader(
        try file.read(SegmentLayout.headerBytes, at: 0), fileBytes: status.bytes)
      table = try file.read(
        SegmentLayout.partyBytes * SegmentLayout.partyCount, at: SegmentLayout.parties)
    } catch let fault as SegmentHeader.Fault {
      throw fault.error(at: path)
    } catch {
      throw TransportError(.system, "cannot read \(path): \(error)")
    }
    let parties = (0..<SegmentLayout.partyCount).compactMap { slot -> String? in
      guard file.isLockedElsewhere(SegmentLayout.partyLocks + Int64(slot)) else { return nil }
      let start = slot * SegmentLayout.partyBytes
      return Party(Array(table[start..<start + SegmentLayout.partyBytes])).description
    }
    return SegmentReport(
      shape: header.shape, format: header.format,
      statistics: try ChannelStatistics(
        descriptor: file.descriptor, place: header.place, shape: header.shape,
        format: header.format
      ) { end in
        switch end {
        case .sender(let lane):
          file.isLockedElsewhere(SegmentLayout.senderLocks + Int64(lane))
        case .receiver(let slot):
          file.isLockedElsewhere(SegmentLayout.receiverLocks + Int64(slot))
        }
      }, parties: parties)
  }
}
