#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The input that is being run, for a handler that writes it to a file where the process ends by a signal.
enum CurrentInput {
  private nonisolated(unsafe) static var bytes: UnsafeMutableRawPointer?
  private nonisolated(unsafe) static var count = 0
  private nonisolated(unsafe) static var path: UnsafeMutablePointer<CChar>?

  /// The longest time that one input may take, in seconds.
  private static let longestRun: UInt32 = 60

  /// From now on an input that ends the process, or that takes too long, is written to the file at `path`.
  static func keep(at path: String) {
    self.path = strdup(path)
    for number in [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGALRM] { signal(number, writeAndDie) }
  }

  /// Notes the input that runs from now on.
  static func set(_ input: [UInt8]) {
    free(bytes)
    bytes = malloc(max(1, input.count))
    input.withUnsafeBytes { if let start = $0.baseAddress { memcpy(bytes!, start, $0.count) } }
    count = input.count
    alarm(longestRun)
  }

  fileprivate static func write() {
    guard let path, let bytes else { return }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    #if canImport(Glibc)
      _ = Glibc.write(descriptor, bytes, count)
    #else
      _ = Darwin.write(descriptor, bytes, count)
    #endif
  }
}

private func writeAndDie(_ number: Int32) {
  CurrentInput.write()
  signal(number, SIG_DFL)
  raise(number)
}
