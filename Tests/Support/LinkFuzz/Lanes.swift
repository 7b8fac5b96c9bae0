import PsyneCore

/// A lane whose ends are claimed as a program claims them.
struct Lanes: Transport {
  let lanes: LaneSet

  var scheme: String { "lane" }
  var optionNames: [String] { [] }

  init(_ format: MessageFormat, capacity: Int) {
    let shape = ChannelShape(kind: .spsc, producers: 1, consumers: 1, capacity: capacity)
    do {
      lanes = try LaneSet.inMemory(format, shape)
    } catch {
      fatalError("\(error)")
    }
  }

  func open(
    _ address: ChannelAddress, kind: ChannelKind, format: MessageFormat, options: ChannelOptions
  ) throws(TransportError) -> LaneSet { lanes }

  func channel<Body: MessageBody>(_ body: Body.Type) -> SPSCChannel<Body> {
    do {
      return try TransportRegistry([self]).open("lane://fuzzed")
    } catch {
      fatalError("\(error)")
    }
  }
}
