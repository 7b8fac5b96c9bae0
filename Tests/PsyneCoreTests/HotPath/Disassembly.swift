import Subprocess
import Testing

/// Which function of a program calls which.
struct Disassembly {
  private var callees: [String: Set<String>] = [:]

  init(_ program: String) async throws {
    let tool = await isInstalled("llvm-objdump") ? "llvm-objdump" : "objdump"
    let listing = try await run(tool, ["-d", "--no-show-raw-insn", program])
    try #require(listing.status.isSuccess, "\(listing.text.prefix(1000))")
    var function = ""
    for line in listing.text.split(separator: "\n") {
      if line.hasSuffix(">:"), let name = Self.target(line.dropLast()) {
        function = name
      } else if let callee = Self.callee(line), callee != function {
        callees[function, default: []].insert(callee)
      }
    }
  }

  /// What `function` of the client calls, and what the functions of the library that were made for it
  /// call: a slow path that is not to be entered in the loop is named, not followed.
  func calls(ofClient function: String) throws -> Set<String> {
    let mark = "14psyne_hot_path\(function.utf8.count)\(function)"
    let roots = callees.keys.filter { $0.hasPrefix("$s\(mark)") }
    try #require(!roots.isEmpty, "\(function) is not in the program")
    var pending = roots
    var seen = Set(roots)
    var found: Set<String> = []
    while let next = pending.popLast() {
      for callee in callees[next] ?? [] {
        let isSpecialized = callee.hasPrefix("$s9PsyneCore") && callee.contains("Tg5")
        // The search for messages is out of line, but belongs to the loop: it is followed.
        let isSearch = callee.hasPrefix("$s9PsyneCore10LaneMemoryV5fetch")
        guard isSpecialized || isSearch || callee.hasPrefix("$s14psyne_hot_path") else {
          found.insert(callee)
          continue
        }
        if seen.insert(callee).inserted { pending.append(callee) }
      }
    }
    return found
  }

  /// What a line of the listing calls or jumps to; "syscall", or a register, where that is it.
  private static func callee(_ line: Substring) -> String? {
    let words = line.split { $0 == " " || $0 == "\t" }
    guard
      let index = words.firstIndex(where: {
        $0.hasPrefix("call") || $0.hasPrefix("jmp") || $0 == "syscall" || $0 == "bl" || $0 == "blr"
          || $0 == "svc"
      })
    else { return nil }
    if let name = target(line) {
      // A jump within a function shows as its name and an offset.
      return name.contains("+0x") ? nil : name
    }
    let isJump = words[index].hasPrefix("jmp")
    return isJump ? nil : words[index...].joined(separator: " ")
  }

  /// The name between angle brackets, without what the linker adds to it.
  private static func target(_ line: Substring) -> String? {
    guard let open = line.lastIndex(of: "<"), let close = line.lastIndex(of: ">"), open < close
    else { return nil }
    let name = line[line.index(after: open)..<close]
    return String(name.hasSuffix("@plt") ? name.dropLast(4) : name)
  }
}
