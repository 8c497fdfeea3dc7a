import CAllocation
import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The data that the signal handler reads and writes. A handler may run at any moment, so it accesses nothing else.
private struct SignalState {
  /// The paths of the temporary files, of a model and of its weights, that a signal removes before it ends the process.
  var paths: (UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<CChar>?)
  /// Whether signals are delayed, because a temporary file may exist whose path is not stored yet.
  var isDeferred = false
  /// The signal received in the meantime, or 0.
  var pending: Int32 = 0
  /// The processes that a signal ends too, with 0 in free places.
  let children: UnsafeMutableBufferPointer<pid_t>

  init() {
    children = .allocate(capacity: 1024)
    children.initialize(repeating: 0)
  }
}

private nonisolated(unsafe) let signalState: UnsafeMutablePointer<SignalState> = {
  let cell = UnsafeMutablePointer<SignalState>.allocate(capacity: 1)
  cell.initialize(to: SignalState())
  return cell
}()

/// Ctrl-C, `kill` and a closing terminal leave no temporary file; `kill -9` leaves a `.deq-….tmp`.
enum Interruption {
  /// Catches these signals, except those that the caller ignores (`nohup`).
  static func handle() {
    signalState.pointee.paths = (nil, nil)
    for number in [SIGHUP, SIGINT, SIGTERM] where !isIgnored(number) { signal(number, removeAndDie) }
  }

  /// Ends with one line and no temporary file where memory runs out, or where a mapped file becomes shorter.
  static func handleResources() {
    exit_on_allocation_failure(ExitStatus.noMemory.rawValue, removeTemporaries)
    MappedFile.endOnShrunkenFile(status: ExitStatus.inputOutput.rawValue, cleanUp: removeTemporaries)
  }

  /// Runs `body` with a file to write, whose temporary file a signal removes. Calls may be nested once.
  static func removing<Result>(
    fileAt path: String, followsLink: Bool = true, _ body: (AtomicFile) throws -> Result
  ) throws -> Result {
    let isSecond = signalState.pointee.paths.0 != nil
    let file = try create(path, followsLink: followsLink, isSecond: isSecond)
    defer { if isSecond { signalState.pointee.paths.1 = nil } else { signalState.pointee.paths.0 = nil } }
    return try body(file)
  }

  /// Delays signals until `body` has returned, so that two files are renamed or neither is.
  static func putOff<Result>(until body: () throws -> Result) rethrows -> Result {
    signalState.pointee.isDeferred = true
    defer {
      signalState.pointee.isDeferred = false
      if signalState.pointee.pending != 0 { removeAndDie(signalState.pointee.pending) }
    }
    return try body()
  }

  /// Lets a signal that ends this process end another one as well.
  static func addChild(_ identifier: pid_t) {
    let children = signalState.pointee.children
    if let place = children.firstIndex(of: 0) { children[place] = identifier }
  }

  /// Forgets a process, whose number the system may give to another one now.
  static func removeChild(_ identifier: pid_t) {
    let children = signalState.pointee.children
    if let place = children.firstIndex(of: identifier) { children[place] = 0 }
  }

  /// Creates the file, and delays signals until its path is known.
  private static func create(_ path: String, followsLink: Bool, isSecond: Bool) throws -> AtomicFile {
    // A pipe has no temporary file, and waiting for its reader may take forever.
    if AtomicFile.waitsForReader(path) { return try AtomicFile(path, followsLink: followsLink) }
    return try putOff {
      let file = try AtomicFile(path, followsLink: followsLink)
      // Never freed: a handler may be reading it on another thread.
      let temporary = file.temporaryPath.flatMap { strdup(systemName($0)) }
      if isSecond { signalState.pointee.paths.1 = temporary } else { signalState.pointee.paths.0 = temporary }
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

/// Removes the temporary files; allocates nothing.
private func removeTemporaries() {
  if let path = signalState.pointee.paths.0 { unlink(path) }
  if let path = signalState.pointee.paths.1 { unlink(path) }
}

/// Removes the temporary file, ends the child processes, and lets the signal end the process as if it were not caught.
private func removeAndDie(_ number: Int32) {
  if signalState.pointee.isDeferred {
    signalState.pointee.pending = number
    return
  }
  removeTemporaries()
  let children = signalState.pointee.children
  for place in 0..<children.count where children[place] > 0 { kill(children[place], SIGTERM) }
  signal(number, SIG_DFL)
  raise(number)
}
