// Moves messages, and tells what that has cost.
//
//   count KIND MESSAGES  allocations and reference counts of a loop on one thread
//   seal KIND MESSAGES   the same loop, in which any system call would be deadly
//   pair KIND MESSAGES   between two threads, to be run under strace

import CHotPath
import Glibc
import PsyneCore

enum Usage: Error { case wrong }

/// Both ends of a channel on one thread: each keeps up with the other, so neither ever waits.
struct Loop<Opened: Channel>: ~Copyable {
  let channel: Opened
  var sender: Sender<Opened.Body>
  var receiver: Receiver<Opened.Body>
  var sum = 0.0

  init(_ opened: Opened.Type) throws {
    let channel: Opened = try TransportRegistry([MemoryTransport()]).open(
      "memory://loop?capacity=64KiB")
    let sender = try channel.sender()
    let receiver = try channel.receiver()
    self.channel = channel
    self.sender = sender
    self.receiver = receiver
  }
}

func alternate<Opened: Channel>(
  _ mode: String, _ messages: Int, _ opened: Opened.Type,
  _ send: (inout Sender<Opened.Body>, Int) throws(ChannelError) -> Void,
  _ receive: (inout Receiver<Opened.Body>, Int) throws(ChannelError) -> Double
) throws {
  var loop = try Loop(opened)
  // What happens once, on first use, is no cost of a message.
  for _ in 0..<1000 {
    try send(&loop.sender, 64)
    loop.sum += try receive(&loop.receiver, 64)
  }
  let isSealed = mode == "seal"
  if isSealed { guard hot_path_forbid_system_calls() else { exit(3) } }
  hot_path_start()
  let before = hot_path_counts()
  for _ in 0..<messages / 64 {
    try send(&loop.sender, 64)
    loop.sum += try receive(&loop.receiver, 64)
  }
  let after = hot_path_counts()
  hot_path_stop()
  if isSealed { unsafe hot_path_say_and_exit("sealed\n") }
  report(before, after)
  print("sum \(loop.sum)")
}

/// The same for a task that receives. It never suspends, as the messages are there.
func alternateSuspending<Opened: Channel>(
  _ messages: Int, _ opened: Opened.Type
) async throws where Opened.Body == Pose {
  var loop = try Loop(opened)
  for _ in 0..<1000 { try await loop.turn() }
  hot_path_start()
  let before = hot_path_counts()
  for _ in 0..<messages / 64 { try await loop.turn() }
  let after = hot_path_counts()
  hot_path_stop()
  report(before, after)
  print("sum \(loop.sum)")
}

extension Loop where Opened.Body == Pose {
  mutating func turn() async throws(ChannelError) {
    try sendNow(&sender, 64)
    sum += try await receiveNext(&receiver, 64)
  }
}

/// Not for a task: in one, the functions that suspend are meant by the same names.
func sendNow(_ sender: inout Sender<Pose>, _ count: Int) throws(ChannelError) {
  try sendStructs(&sender, count)
}

func report(_ before: hot_path_counts, _ after: hot_path_counts) {
  print(
    "allocations \(after.allocations - before.allocations)",
    "frees \(after.frees - before.frees)", "objects \(after.objects - before.objects)",
    "retains \(after.retains - before.retains)", "releases \(after.releases - before.releases)")
}

func pair(_ messages: Int) throws {
  let channel: SPSCChannel<Pose> = try TransportRegistry([MemoryTransport()]).open("memory://pair")
  let work = PairWork(channel, messages)
  var thread = pthread_t()
  let argument = unsafe Unmanaged.passRetained(work).toOpaque()
  let failure = unsafe pthread_create(
    &thread, nil,
    { argument in
      guard let argument = unsafe argument else { return nil }
      let work = unsafe Unmanaged<PairWork>.fromOpaque(argument).takeRetainedValue()
      guard var sender = try? work.channel.sender() else { exit(4) }
      do { try sendStructs(&sender, work.messages) } catch { exit(5) }
      return nil
    }, argument)
  guard failure == 0 else { exit(6) }
  var receiver = try channel.receiver()
  print("sum \(try receiveStructs(&receiver, messages))")
  pthread_join(thread, nil)
}

/// Runs a task, and ends the program with it.
func run(_ body: @escaping @Sendable () async throws -> Void) -> Never {
  Task {
    do { try await body() } catch { exit(7) }
    exit(0)
  }
  while true { pause() }
}

final class PairWork: Sendable {
  let channel: SPSCChannel<Pose>
  let messages: Int

  init(_ channel: SPSCChannel<Pose>, _ messages: Int) {
    self.channel = channel
    self.messages = messages
  }
}

let arguments = CommandLine.arguments
guard arguments.count == 4, let messages = Int(arguments[3]) else { throw Usage.wrong }
let mode = arguments[1]
switch (mode, arguments[2]) {
case ("pair", _): try pair(messages)
case (_, "vectors"):
  try alternate(mode, messages, SPSCChannel<FloatVector>.self, sendVectors) { (end, n) throws(ChannelError) in
    Double(try receiveVectors(&end, n))
  }
case (_, "structs"): try alternate(mode, messages, SPSCChannel<Pose>.self, sendStructs, receiveStructs)
case (_, "bytes"):
  try alternate(mode, messages, SPSCChannel<Bytes>.self, sendBytes) { (end, n) throws(ChannelError) in
    Double(try receiveBytes(&end, n))
  }
case (_, "mixed"): try alternate(mode, messages, SPSCChannel<Mixed>.self, sendMixed, receiveMixed)
case (_, "batches"): try alternate(mode, messages, SPSCChannel<Pose>.self, sendBatches, receiveBatches)
case (_, "control"):
  try alternate(mode, messages, SPSCChannel<Bytes>.self, sendBytes) { (end, n) throws(ChannelError) in
    if mode == "seal" { sched_yield() }
    return Double(try receiveControl(&end, n))
  }
case (_, "mpsc"):
  try alternate(mode, messages, MPSCChannel<Pose>.self, sendStructs, receiveStructs)
case (_, "spmc"):
  try alternate(mode, messages, SPMCChannel<Pose>.self, sendStructs, receiveStructs)
case (_, "mpmc"):
  try alternate(mode, messages, MPMCChannel<Pose>.self, sendStructs, receiveStructs)
case (_, "broadcast"):
  try alternate(mode, messages, BroadcastChannel<Pose>.self, sendStructs, receiveStructs)
case ("count", "next"): run { try await alternateSuspending(messages, SPSCChannel<Pose>.self) }
case ("count", "next-mpsc"):
  run { try await alternateSuspending(messages, MPSCChannel<Pose>.self) }
case ("count", "next-spmc"):
  run { try await alternateSuspending(messages, SPMCChannel<Pose>.self) }
case ("count", "next-broadcast"):
  run { try await alternateSuspending(messages, BroadcastChannel<Pose>.self) }
default: throw Usage.wrong
}
