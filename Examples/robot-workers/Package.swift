// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "robot-workers",
  dependencies: [.package(name: "psyne", path: "../..")],
  targets: [
    .executableTarget(
      name: "robot-workers", dependencies: [.product(name: "Psyne", package: "psyne")])
  ]
)
