import PsyneCore

func batchAfterReceive(_ receiver: inout Receiver<Bytes>) throws -> UInt8 {
  // error: overlapping accesses to 'receiver'
  guard var batch = try receiver.receive(batch: 8) else { return 0 }
  guard let message = try batch.next() else { return 0 }
  _ = try receiver.tryReceive()
  return message[0]
}
