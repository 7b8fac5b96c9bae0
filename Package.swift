// swift-tools-version: 6.2
import PackageDescription

// A build in which a process can be stopped between any two stores to shared memory. It stands in a
// build folder of its own: see scripts/kill-matrix.sh.
let steps: [SwiftSetting] =
  Context.environment["PSYNE_STEPS"] == nil ? [] : [.define("PSYNE_STEPS")]

let strict: [SwiftSetting] = [
  .enableExperimentalFeature("Lifetimes"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

let settings = strict + steps

let package = Package(
  name: "psyne",
  products: [
    .library(name: "PsyneCore", targets: ["PsyneCore"]),
    .library(name: "PsyneIPC", targets: ["PsyneIPC"]),
    .library(name: "PsyneTCP", targets: ["PsyneTCP"]),
    .library(name: "PsyneTLS", targets: ["PsyneTLS"]),
    .library(name: "PsyneCompress", targets: ["PsyneCompress"]),
    .library(name: "Psyne", targets: ["Psyne"]),
    .executable(name: "psyne", targets: ["PsyneCLI"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(
      url: "https://github.com/HdrHistogram/hdrhistogram-swift", .upToNextMinor(from: "0.2.0")),
    .package(
      url: "https://github.com/swiftlang/swift-subprocess", .upToNextMinor(from: "1.0.2"),
      traits: []),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    .target(name: "CPsyne", cSettings: [.treatAllWarnings(as: .error)]),
    .target(name: "PsyneCore", dependencies: ["CPsyne"], swiftSettings: settings),
    .target(name: "PsyneIPC", dependencies: ["CPsyne", "PsyneCore"], swiftSettings: settings),
    .target(name: "PsyneTCP", dependencies: ["CPsyne", "PsyneCore"], swiftSettings: settings),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
    .target(name: "PsyneCompress", dependencies: ["CLZ4", "PsyneCore"], swiftSettings: settings),
    .target(
      name: "PsyneTLS", dependencies: ["COpenSSL", "CPsyne", "PsyneCore", "PsyneTCP"],
      swiftSettings: settings),
    .target(
      name: "Psyne",
      dependencies: ["PsyneCompress", "PsyneCore", "PsyneIPC", "PsyneTCP", "PsyneTLS"],
      swiftSettings: settings),
    .executableTarget(
      name: "PsyneCLI",
      dependencies: [
        "Psyne",
        "PsyneTLS",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
      ], swiftSettings: settings),
    .testTarget(
      name: "PsyneCoreTests",
      dependencies: [
        "CPsyne",
        "LinkFuzz",
        "PsyneCore",
        "TestSupport",
        "Traffic",
        "psyne-hot-path",
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
      ], swiftSettings: settings),
    .target(
      name: "Traffic", dependencies: ["PsyneCore"], path: "Tests/Support/Traffic",
      swiftSettings: settings),
    .target(
      name: "LinkFuzz", dependencies: ["PsyneCore"], path: "Tests/Support/LinkFuzz",
      swiftSettings: settings),
    .target(name: "CHotPath", path: "Tests/Support/CHotPath"),
    .executableTarget(
      name: "psyne-hot-path", dependencies: ["CHotPath", "PsyneCore"],
      path: "Tests/Support/HotPathClient", swiftSettings: settings),
    .testTarget(
      name: "PsyneTests", dependencies: ["Psyne", "PsyneTLS", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "PsyneTCPTests", dependencies: ["CPsyne", "PsyneCore", "PsyneTCP", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "PsyneTLSTests",
      dependencies: [
        "COpenSSL",
        "CPsyne",
        "PsyneCore",
        "PsyneTCP",
        "PsyneTLS",
        "TestSupport",
        "psyne-tls-echo",
      ], swiftSettings: settings),
    .executableTarget(
      name: "psyne-tls-echo",
      dependencies: [
        "CPsyne",
        "PsyneCore",
        "PsyneTCP",
        "PsyneTLS",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Tests/Support/TLSEcho", swiftSettings: settings),
    .testTarget(
      name: "PsyneCompressTests",
      dependencies: ["CodecFuzz", "PsyneCompress", "PsyneCore", "TestSupport"],
      swiftSettings: settings),
    .target(
      name: "CodecFuzz", dependencies: ["PsyneCompress", "PsyneCore"],
      path: "Tests/Support/CodecFuzz", swiftSettings: settings),
    .target(
      name: "TestSupport", dependencies: ["PsyneCore", "PsyneIPC"],
      path: "Tests/Support/TestSupport", swiftSettings: settings),
    .executableTarget(
      name: "psyne-test-peer", dependencies: ["PsyneCore", "PsyneIPC", "TestSupport", "Traffic"],
      path: "Tests/Support/TestPeer", swiftSettings: settings),
    .executableTarget(
      name: "psyne-kill-matrix", dependencies: ["PsyneCore", "PsyneIPC", "TestSupport"],
      path: "Tests/Support/KillMatrix", swiftSettings: settings),
    .testTarget(
      name: "PsyneIPCTests",
      dependencies: ["PsyneCore", "PsyneIPC", "TestSupport", "Traffic", "psyne-test-peer"],
      swiftSettings: settings),
    .testTarget(
      name: "PsyneCLITests",
      dependencies: [
        "PsyneCLI",
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
      ], swiftSettings: settings),
  ]
)
