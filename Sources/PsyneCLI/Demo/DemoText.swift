internal import Glibc

/// What the demo prints around its results.
enum DemoText {
  static var title: String {
    let console = Console.output
    return "\(console.bold)Psyne \(PsyneCommand.version)\(console.plain)"
      + "\(console.dim) on \(system), \(processors)\(console.plain)\n"
  }

  static var end: String {
    let console = Console.output
    return "\n\(console.good("everything arrived as it was sent"))\n"
  }

  static func heading(_ number: Int, _ text: String) -> String {
    let console = Console.output
    return "\n\(console.bold)\(number). \(text)\(console.plain)\n"
  }

  /// A line with a label.
  static func line(_ label: String, _ text: String) -> String {
    let console = Console.output
    return "   \(console.dim)\(label.left(10))\(console.plain)\(text)\n"
  }

  private static var system: String {
    var name = utsname()
    guard unsafe uname(&name) == 0 else { return "Linux" }
    let release = text(&name.release)
    let machine = text(&name.machine)
    return "Linux \(release) \(machine)"
  }

  private static func text<Tuple>(_ field: inout Tuple) -> String {
    unsafe withUnsafeBytes(of: &field) { raw in
      unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  private static var processors: String {
    let count = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    return count == 1 ? "1 CPU" : "\(count) CPUs"
  }
}
