internal import PsyneCore

/// Byte offsets of a segment's file. `docs/memory-layout.md` draws it.
package enum SegmentLayout {
  /// "PSYNESEG", read as a little-endian `u64`.
  package static let magicNumber: UInt64 = 0x4745_5345_4E59_5350
  /// Changes with any change of this layout or of a lane's.
  package static let version: UInt32 = 1

  // The first page, of which these bytes are in use.
  package static let headerBytes = 128
  /// `u64`
  package static let magic = 0
  /// `u32`
  package static let layoutVersion = 8
  /// `u32` ``singleSenderAndReceiver``.
  package static let kind = 12
  package static let singleSenderAndReceiver: UInt32 = 1
  /// `u64`, bytes of the whole file.
  package static let fileBytes = 16
  /// `u64`, bytes of each lane's data.
  package static let capacity = 24
  /// `u32`
  package static let laneCount = 32
  /// `u32` ``MessageType``.
  package static let type = 36
  /// `u32`, stride of an element.
  package static let elementSize = 40
  /// `u32`
  package static let elementAlignment = 44
  /// `u32`: 1, every message is one element and has no header.
  package static let isFixedSize = 48
  /// `u32`, slot of the party that holds the sending end, plus 1; 0 if it was never held.
  package static let senderSlot = 64
  /// `u32`, likewise of the receiving end.
  package static let receiverSlot = 68
  /// As a party's slot: who has taken the gate last, for messages to people.
  package static let gateHolder = 128

  /// The party table: the second page.
  package static let parties = 4096
  package static let partyBytes = 64
  package static let partyCount = 64
  /// In a party's slot: `u32` process id, then its name, at most 47 bytes and a zero.
  package static let partyProcess = 0
  package static let partyName = 16
  package static let partyNameBytes = 48

  /// The lane's header: the third page.
  package static let laneHeader = 8192
  package static let laneData = laneHeader + LaneLayout.headerBytes

  package static func fileBytes(capacity: Int) -> Int { laneData + capacity }

  // Locks: one byte of the file each, held through an open file description.
  /// Held while a party comes, leaves or is declared dead.
  package static let gateLock: Int64 = 0
  package static let senderLock: Int64 = 1
  package static let receiverLock: Int64 = 2
  /// Of the first slot; held by a party for as long as it lives.
  package static let partyLocks: Int64 = 1024
}
