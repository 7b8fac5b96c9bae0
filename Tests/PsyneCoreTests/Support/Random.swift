import Glibc

/// SplitMix64: one number decides everything it gives.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// `0..<bound`, cheaply; the bias of small bounds does not matter here.
  mutating func below(_ bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
  }
}

/// The seed of this run: `PSYNE_SEED`, or another one each time. Whoever uses it prints it.
enum Seed {
  /// `PSYNE_SEED`.
  static let given: UInt64? = unsafe getenv("PSYNE_SEED").flatMap {
    UInt64(unsafe String(cString: $0))
  }
  static let ofThisRun: UInt64 = given ?? UInt64.random(in: 0 ... .max)

  /// For a test that runs once for each of many: the given one alone, or so many.
  static func several(usual: Int, whole: Int) -> [UInt64] {
    if let given { return [given] }
    var random = SeededRandom(seed: ofThisRun)
    return (0..<Volume.rounds(usual: usual, whole: whole)).map { _ in random.next() }
  }

  /// For one test, printed so that a failure can be repeated.
  static func random(for test: String) -> SeededRandom {
    print("\(test): PSYNE_SEED=\(ofThisRun)")
    return SeededRandom(seed: ofThisRun)
  }
}

/// How many messages a long test moves.
enum Volume {
  /// `PSYNE_VERIFY=1`: all that is promised, however long it takes.
  static let isWhole = unsafe getenv("PSYNE_VERIFY").map { unsafe String(cString: $0) } == "1"

  /// `PSYNE_TEST_DIVISOR`: a share, for builds that are slowed down by a sanitizer.
  private static let divisor: Int = {
    let text = unsafe getenv("PSYNE_TEST_DIVISOR").map { unsafe String(cString: $0) }
    let divisor = text.flatMap { Int($0) } ?? 1
    #if DEBUG
      return divisor * 50
    #else
      return divisor
    #endif
  }()

  /// The same of rounds, each of which takes a while.
  static func rounds(usual: Int, whole: Int) -> Int {
    isWhole ? whole : max(20, usual / divisor)
  }

  /// `whole` when all is asked for, else a share of `usual` that suits the build.
  static func messages(usual: Int, whole: Int) -> Int {
    isWhole ? whole : max(1000, usual / divisor)
  }
}
