// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "rms-service",
  dependencies: [.package(name: "psyne", path: "../..")],
  targets: [
    .executableTarget(
      name: "rms-service", dependencies: [.product(name: "Psyne", package: "psyne")])
  ]
)
