internal import ArgumentParser
internal import Psyne

/// How the two sides of a transfer come together.
enum Meeting {
  /// In a channel that whoever comes first creates.
  case open
  /// At a place where others connect.
  case listen
  /// By connecting to who listens.
  case connect
}

extension ChannelArguments {
  var meeting: Meeting { listen ? .listen : connect ? .connect : .open }

  func validateMeeting() throws {
    if listen, connect {
      throw ValidationError(
        "--listen and --connect exclude each other: one side takes one of them.")
    }
    guard meeting == .open else {
      let flag = listen ? "--listen" : "--connect"
      for (name, isThere) in [
        ("--kind", kind != nil), ("--producers", producers != nil),
        ("--consumers", consumers != nil),
      ] where isThere {
        throw ValidationError(
          "\(name) is for channels that both sides open; it means nothing with \(flag).")
      }
      return
    }
    // What is wrong with an address otherwise is said where it is used.
    let carrier = (try? ChannelAddress(ChannelName.address(uri)))?.carrier
    if carrier == "tcp" || carrier == "tls" {
      throw ValidationError(
        "'\(uri)' has two sides: say --listen on the one, and --connect on the other.")
    }
  }
}
