import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the signal handler knows. It may run at any moment, so it does no more than read and write these cells.
private struct Doom {
  /// The paths of the files that are to go where a signal ends the process: a model's, and its weights'.
  var paths: (UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<CChar>?)
  /// Whether such a file may be there whose path is not known yet.
  var isDeferred = false
  /// The signal that has come in the meantime, or 0.
  var pending: Int32 = 0
}

private nonisolated(unsafe) let doom: UnsafeMutablePointer<Doom> = {
  let cell = UnsafeMutablePointer<Doom>.allocate(capacity: 1)
  cell.initialize(to: Doom())
  return cell
}()

/// Ctrl-C, `kill` and a terminal that closes leave no temporary file behind; `kill -9` leaves a `.deq-….tmp`.
enum Interruption {
  /// Catches these signals, except those that the caller wants ignored (`nohup`).
  static func handle() {
    doom.pointee.paths = (nil, nil)
    for number in [SIGHUP, SIGINT, SIGTERM] where !isIgnored(number) { signal(number, removeAndDie) }
  }

  /// Runs `body` with a file to write, whose temporary file a signal removes. It may be called once more in `body`.
  static func removing<Result>(fileAt path: String, _ body: (AtomicFile) throws -> Result) throws -> Result {
    let isSecond = doom.pointee.paths.0 != nil
    let file = try create(path, isSecond: isSecond)
    defer { if isSecond { doom.pointee.paths.1 = nil } else { doom.pointee.paths.0 = nil } }
    return try body(file)
  }

  /// Runs `body` to its end before a signal that comes meanwhile is obeyed: two files get their names, or neither.
  static func putOff<Result>(until body: () throws -> Result) rethrows -> Result {
    doom.pointee.isDeferred = true
    defer {
      doom.pointee.isDeferred = false
      if doom.pointee.pending != 0 { removeAndDie(doom.pointee.pending) }
    }
    return try body()
  }

  /// Creates the file, and puts off what comes before its path is known.
  private static func create(_ path: String, isSecond: Bool) throws -> AtomicFile {
    try putOff {
      let file = try AtomicFile(path)
      // Never freed: a handler may be reading it on another thread.
      let temporary = file.temporaryPath.flatMap { strdup($0) }
      if isSecond { doom.pointee.paths.1 = temporary } else { doom.pointee.paths.0 = temporary }
      return file
    }
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    guard let handler = signal(number, SIG_DFL) else { return false }
    guard unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) else { return false }
    signal(number, SIG_IGN)
    return true
  }
}

/// Removes the temporary file, and lets the signal end the process as it does where nobody catches it.
private func removeAndDie(_ number: Int32) {
  if doom.pointee.isDeferred {
    doom.pointee.pending = number
    return
  }
  if let path = doom.pointee.paths.0 { unlink(path) }
  if let path = doom.pointee.paths.1 { unlink(path) }
  signal(number, SIG_DFL)
  raise(number)
}
