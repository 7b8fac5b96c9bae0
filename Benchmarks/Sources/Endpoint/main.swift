// One endpoint of a measurement, the twin of Peers/endpoint.hpp.
internal import CBench
internal import Glibc
internal import PsyneCore
internal import PsyneIPC

func open<Body: MessageBody>(
  _ name: String, _ arguments: Arguments, _ body: Body.Type
) throws -> SPSCChannel<Body> {
  try SPSCChannel(
    "ipc://\(name)", capacity: .bytes(arguments.capacity),
    registry: TransportRegistry([IPCTransport()]))
}

func oneWay(_ arguments: Arguments) throws {
  let channel = try open(arguments.name, arguments, Words.self)
  let words = arguments.size / 8
  if arguments.role == .send {
    var sender = try channel.sender()
    let watch = Stopwatch()
    if arguments.variant == "batch" {
      try sendBatches(&sender, 0, arguments.end, words: words)
    } else {
      try send(&sender, 0, arguments.end, words: words)
    }
    watch.reportShare(errors: 0)
    try sender.drain()
  } else {
    var receiver = try channel.receiver()
    cbench_report_ready()
    var errors = try receive(&receiver, 0, arguments.warmUp, words: words)
    let watch = Stopwatch()
    errors += try receive(&receiver, arguments.warmUp, arguments.end, words: words)
    watch.reportRate(of: arguments.count, errors: errors)
  }
}

func oneWayStructs(_ arguments: Arguments) throws {
  let channel = try open(arguments.name, arguments, Sample.self)
  if arguments.role == .send {
    var sender = try channel.sender()
    let watch = Stopwatch()
    try send(&sender, 0, arguments.end)
    watch.reportShare(errors: 0)
    try sender.drain()
  } else {
    var receiver = try channel.receiver()
    cbench_report_ready()
    var errors = try receive(&receiver, 0, arguments.warmUp)
    let watch = Stopwatch()
    errors += try receive(&receiver, arguments.warmUp, arguments.end)
    watch.reportRate(of: arguments.count, errors: errors)
  }
}

func receiver(
  of channel: SPSCChannel<Words>, _ arguments: Arguments
) throws -> Receiver<Words> {
  if arguments.parksAtOnce { return try channel.receiver(waiting: .park) }
  return try channel.receiver()
}

func roundTrips(_ arguments: Arguments) throws {
  let forward = try open(arguments.name + ".forward", arguments, Words.self)
  let back = try open(arguments.name + ".back", arguments, Words.self)
  if arguments.isAsync { runAsync { try await asyncRoundTrips(forward, back, arguments) } }
  if arguments.role == .ping {
    var sender = try forward.sender()
    var receiver = try receiver(of: back, arguments)
    var trips = [UInt32](repeating: 0, count: arguments.count)
    let watch = Stopwatch()
    let errors = try ping(
      &sender, &receiver, arguments, idle: arguments.idles ? Arguments.idleTime : 0,
      trips: &trips)
    watch.report(&trips, errors: errors)
  } else {
    var receiver = try receiver(of: forward, arguments)
    var sender = try back.sender()
    cbench_report_ready()
    let watch = Stopwatch()
    let errors = try echo(&sender, &receiver, arguments)
    watch.reportShare(errors: errors)
    try sender.drain()
  }
}

if let arguments = ContestArguments(CommandLine.arguments) {
  do {
    try contest(arguments)
    exit(0)
  } catch {
    print("error: \(error)")
    exit(3)
  }
}
guard let arguments = Arguments(CommandLine.arguments) else {
  print("usage: psyne-endpoint VARIANT send|recv|ping|echo NAME SIZE CAPACITY WARM-UP COUNT CPU")
  print("   or: psyne-endpoint tcp[?OPTIONS] send|recv|ping|echo|pace|listen|crowd|gather PORT ...")
  print("   or: psyne-endpoint tls@FOLDER[?OPTIONS] the same|accept|dial|redial|keep|idle PORT ...")
  print("   or: psyne-endpoint KIND.struct|KIND.vector threads|produce|consume ...")
  exit(2)
}
guard cbench_pin(arguments.cpu) else {
  print("CPU \(arguments.cpu) does not exist")
  exit(2)
}
do {
  switch arguments.role {
  case _ where arguments.isNetwork: try network(arguments)
  case .pace, .listen, .gather, .crowd, .accept, .dial, .redial, .keep, .idle:
    throw Refusal("this is measured over TCP only")
  case .ping, .echo: try roundTrips(arguments)
  case .send, .recv:
    if arguments.variant == "struct" {
      try oneWayStructs(arguments)
    } else {
      try oneWay(arguments)
    }
  }
} catch {
  print("error: \(error)")
  exit(3)
}
