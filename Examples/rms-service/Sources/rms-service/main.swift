import Foundation
import Psyne

let arguments = CommandLine.arguments.dropFirst()

do {
  switch (arguments.first, arguments.dropFirst().first) {
  case ("serve", let uri?):
    let server = try Server<FloatVector>(uri)
    print("Serving at \(server.address), until Ctrl-C")
    try serve(server)
  case ("ask", let uri?):
    let count = arguments.count > 2 ? Int(arguments.last ?? "") ?? 1 : 1
    try askAndCheck(uri, seed: Int.random(in: 0..<1000), count: count)
    print("\(count) answers from \(uri), each the one that belongs to its question")
  case (nil, nil):
    for uri in ["tcp://127.0.0.1:0", "ipc://rms-service-\(getpid())", "memory://rms-service"] {
      try SelfTest().run(uri)
    }
  default:
    print("usage: rms-service [serve URI | ask URI [COUNT]]")
    exit(64)
  }
} catch {
  print("rms-service: \(error)")
  exit(1)
}
