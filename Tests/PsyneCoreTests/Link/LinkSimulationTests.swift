import Testing

/// Links over a network that does what it likes.
@Suite("LinkSimulation", .serialized)
struct LinkSimulationTests {
  @Test("bytes arrive whole, in order and once")
  func bytes() throws { try simulate { try LinkSimulation<BytesLinkCargo>(seed: $0).run() } }

  @Test("structs arrive in order and once")
  func structs() throws { try simulate { try LinkSimulation<StructLinkCargo>(seed: $0).run() } }

  @Test("messages of several types arrive whole, in order and once")
  func mixed() throws { try simulate { try LinkSimulation<MixedLinkCargo>(seed: $0).run() } }
}

/// Runs one simulation for each of many seeds, of which the first one that fails is reported. With
/// `PSYNE_SEED` it is that one alone.
func simulate(
  usual: Int = 2000, whole: Int = 100_000, _ test: String = #function, run: (UInt64) throws -> Void
) throws {
  for seed in Seed.several(usual: usual, whole: whole) {
    do {
      try run(seed)
    } catch {
      Issue.record("\(test): \(error); PSYNE_SEED=\(seed) repeats it")
      return
    }
  }
}
