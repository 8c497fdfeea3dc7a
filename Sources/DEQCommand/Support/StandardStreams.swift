#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Standard input, output and error.
enum StandardStreams {
  /// Gives each stream that was closed at the start of the process (`>&-`) a descriptor on which its use
  /// fails.
  ///
  /// Otherwise the first opened file would get its number, and a message could be written into a model.
  static func fillGaps() {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) == -1 {
      // open returns the lowest free number, which is this one.
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}
