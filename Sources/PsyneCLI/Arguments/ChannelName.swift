internal import Psyne

/// A channel as people name it on the command line.
enum ChannelName {
  /// The address as it was meant: a bare name is one of ipc.
  static func address(_ text: String) -> String {
    let name = text.prefix { $0 != "?" }
    let isBare =
      !name.isEmpty
      && name.allSatisfy {
        $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0))
      }
    return isBare ? "ipc://\(text)" : text
  }
}

extension ChannelAddress {
  /// Its scheme without codecs: `tls` of `lz4+tls`.
  var carrier: Substring { scheme.split(separator: "+").last ?? "" }
}
