#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension FileError {
  /// An error that the operating system reported: `out.json: cannot be written: No space left on device`.
  package init(_ kind: Kind, file: String, cannot verb: String, code: Int32) {
    self.init(kind, file: file, "cannot be \(verb): \(String(cString: strerror(code)))")
  }
}

/// Runs a call that returns −1 and sets `errno` on failure, again as long as a signal interrupts it, and waits
/// where a descriptor that does not block is not ready.
///
/// - Returns: What the call returned, or the error code.
func retrying(on descriptor: Int32, for events: Int32, _ call: () -> Int) -> Result<Int, SystemCode> {
  while true {
    let result = call()
    if result >= 0 { return .success(result) }
    switch errno {
    case EINTR: continue
    case EAGAIN:
      var request = pollfd(fd: descriptor, events: Int16(events), revents: 0)
      _ = poll(&request, 1, -1)
    default: return .failure(SystemCode(code: errno))
    }
  }
}

/// The value of `errno` after a failed call.
struct SystemCode: Error {
  let code: Int32
}
