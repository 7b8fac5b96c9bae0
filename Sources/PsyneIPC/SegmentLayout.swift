internal import PsyneCore

/// Byte offsets of a segment's file. `docs/memory-layout.md` draws it.
enum SegmentLayout {
  /// "PSYNESEG", read as a little-endian `u64`.
  static let magicNumber: UInt64 = 0x4745_5345_4E59_5350
  /// Changes with any change of this layout or of a lane's.
  static let version: UInt32 = 1

  // The first page, of which these bytes are in use.
  static let headerBytes = 128
  /// `u64`
  static let magic = 0
  /// `u32`
  static let layoutVersion = 8
  /// `u32` ``singleSenderAndReceiver``.
  static let kind = 12
  static let singleSenderAndReceiver: UInt32 = 1
  /// `u64`, bytes of the whole file.
  static let fileBytes = 16
  /// `u64`, bytes of each lane's data.
  static let capacity = 24
  /// `u32`
  static let laneCount = 32
  /// `u32` ``MessageType``.
  static let type = 36
  /// `u32`, stride of an element.
  static let elementSize = 40
  /// `u32`
  static let elementAlignment = 44
  /// `u32`: 1, every message is one element and has no header.
  static let isFixedSize = 48
  /// `u32`, slot of the party that holds the sending end, plus 1; 0 if it was never held.
  static let senderSlot = 64
  /// `u32`, likewise of the receiving end.
  static let receiverSlot = 68

  /// The party table: the second page.
  static let parties = 4096
  static let partyBytes = 64
  static let partyCount = 64
  /// In a party's slot: `u32` process id, then its name, at most 47 bytes and a zero.
  static let partyProcess = 0
  static let partyName = 16
  static let partyNameBytes = 48

  /// The lane's header: the third page.
  static let laneHeader = 8192
  static let laneData = laneHeader + LaneLayout.headerBytes

  static func fileBytes(capacity: Int) -> Int { laneData + capacity }

  // Locks: one byte of the file each, held through an open file description.
  /// Held while a party comes, leaves or is declared dead.
  static let gateLock: Int64 = 0
  static let senderLock: Int64 = 1
  static let receiverLock: Int64 = 2
  /// Of the first slot; held by a party for as long as it lives.
  static let partyLocks: Int64 = 1024
}
