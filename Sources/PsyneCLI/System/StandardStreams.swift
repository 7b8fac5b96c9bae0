internal import Glibc
internal import SystemPackage

/// Those of the standard streams that whoever started us has closed, as some daemons do.
enum StandardStreams {
  /// Puts something in their places, or the next file that is opened would get their numbers, and what is
  /// meant for them. It is open the wrong way round: who reads or writes there fails as with a closed one. What is
  /// said to people goes nowhere.
  static func keepPlaces() {
    for (number, mode) in [(0 as Int32, O_WRONLY), (1, O_RDONLY), (2, O_WRONLY)]
    where fcntl(number, F_GETFD) == -1 {
      // The lowest number that is free is given out first.
      _ = unsafe open("/dev/null", mode)
    }
  }

  static func canRead(_ descriptor: FileDescriptor) -> Bool { mode(descriptor) != O_WRONLY }
  static func canWrite(_ descriptor: FileDescriptor) -> Bool { mode(descriptor) != O_RDONLY }

  private static func mode(_ descriptor: FileDescriptor) -> Int32 {
    fcntl(descriptor.rawValue, F_GETFL) & O_ACCMODE
  }
}
