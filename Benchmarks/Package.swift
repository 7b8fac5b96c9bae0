// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that users of the library never resolve what only the benchmark needs.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "psyne-benchmarks",
  products: [
    .executable(name: "psyne-bench", targets: ["Runner"]),
    .executable(name: "psyne-endpoint", targets: ["Endpoint"]),
  ],
  dependencies: [
    .package(name: "psyne", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    .target(name: "CBench", cSettings: [.treatAllWarnings(as: .error)]),
    .executableTarget(
      name: "Endpoint",
      dependencies: [
        "CBench",
        .product(name: "PsyneCore", package: "psyne"),
        .product(name: "PsyneIPC", package: "psyne"),
        .product(name: "PsyneTCP", package: "psyne"),
        .product(name: "PsyneTLS", package: "psyne"),
      ], swiftSettings: settings),
    .executableTarget(
      name: "Runner",
      dependencies: [
        "CBench",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: settings),
  ]
)
