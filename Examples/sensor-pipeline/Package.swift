// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "sensor-pipeline",
  dependencies: [.package(name: "psyne", path: "../..")],
  targets: [
    .executableTarget(
      name: "producer", dependencies: [.product(name: "Psyne", package: "psyne")]),
    .executableTarget(
      name: "consumer", dependencies: [.product(name: "Psyne", package: "psyne")]),
  ]
)
