// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "mixed-messages",
  dependencies: [.package(name: "psyne", path: "../..")],
  targets: [
    .executableTarget(
      name: "mixed-messages", dependencies: [.product(name: "Psyne", package: "psyne")])
  ]
)
