#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Standard input, output and error.
enum StandardStreams {
  /// Gives each stream that the process was started without (`>&-`) a descriptor on which its use fails.
  ///
  /// Otherwise the first file that is opened would get the number, and a message could end up in a model.
  static func fillGaps() {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) == -1 {
      // open returns the lowest number that is free, which is this one.
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}
