package import PsyneCore

/// Byte offsets of a segment's file. `docs/memory-layout.md` draws it.
package enum SegmentLayout {
  /// "PSYNESEG", read as a little-endian `u64`.
  package static let magicNumber: UInt64 = 0x4745_5345_4E59_5350
  /// Changes with any change of this layout or of a lane's.
  package static let version: UInt32 = 3

  // The first page, of which these bytes are in use.
  package static let headerBytes = 128
  /// `u64`
  package static let magic = 0
  /// `u32`
  package static let layoutVersion = 8
  /// `u32` ``ChannelKind``.
  package static let kind = 12
  /// `u64`, bytes of the whole file.
  package static let fileBytes = 16
  /// `u64`, bytes of each lane's data.
  package static let capacity = 24
  /// `u32`, the most senders.
  package static let producers = 32
  /// `u32` ``MessageType``.
  package static let type = 36
  /// `u32`, stride of an element.
  package static let elementSize = 40
  /// `u32`
  package static let elementAlignment = 44
  /// `u32`: 1, every message is one element and has no header.
  package static let isFixedSize = 48
  /// `u32`, the most receivers.
  package static let consumers = 52
  /// `u64`, where the data of the first lane begins.
  package static let dataOffset = 56
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

  /// The channel's header, which those of its lanes follow.
  package static let headers = 8192

  /// Bytes that have memory behind them from the beginning: all headers, and the first lane. The others
  /// get theirs when a sender comes.
  package static func reservedBytes(of shape: ChannelShape, data: Int) -> Int {
    data + shape.capacity
  }

  package static func fileBytes(of shape: ChannelShape, data: Int? = nil) -> Int {
    (data ?? self.data(of: shape)) + shape.lanes * shape.capacity
  }

  /// Where the data of the lanes begins, one after the other, unless it is to lie in huge pages.
  package static func data(of shape: ChannelShape) -> Int { headers + shape.headerBytes }

  // Locks: one byte of the file each, held through an open file description.
  /// Held while a party comes, leaves or is declared dead.
  package static let gateLock: Int64 = 0
  /// Of the first lane's sender.
  package static let senderLocks: Int64 = 64
  /// Of the receiver in the first slot.
  package static let receiverLocks: Int64 = 128
  /// Of the first slot; held by a party for as long as it lives.
  package static let partyLocks: Int64 = 1024
}
