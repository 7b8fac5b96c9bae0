internal import Glibc

/// The system's words for its error numbers.
package enum Errno {
  package static func text(_ number: Int32) -> String {
    guard let text = unsafe strerror(number) else { return "error \(number)" }
    return unsafe String(cString: text)
  }

  /// What to do about an error that has little to do with the call that met it; else nothing.
  package static func advice(_ number: Int32) -> String {
    switch number {
    case EMFILE:
      ": this process has as many files open as it may (ulimit -n): close some, or raise the limit"
    case ENFILE:
      ": the whole system has as many files open as it may (sysctl fs.file-max): raise the limit"
    default: ""
    }
  }
}
