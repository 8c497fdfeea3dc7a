import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// This program, run once more for one check: a crash, a lack of memory or a limit of one check leaves the others
/// alone, and each has the report that it has by itself.
final class CheckProcess {
  /// What is known of the process when it has ended.
  struct Ending {
    /// The exit status; nil if a signal ended it.
    let status: Int32?
    /// The signal that ended it, or 0.
    let signal: Int32
    let output: [UInt8]
    let errors: [UInt8]
  }

  /// The check that it runs.
  let check: ListedCheck
  private let identifier: pid_t
  /// The ends of its pipes to read from, -1 at their end: standard output, then standard error.
  private(set) var descriptors: [Int32]
  private var received: [[UInt8]] = [[], []]

  /// Starts the process.
  ///
  /// - Parameter readsInput: Whether it inherits standard input, which only one process can read.
  init(_ check: ListedCheck, readsInput: Bool) throws {
    self.check = check
    let output = try Self.closedPipe()
    let errors = try Self.closedPipe()
    defer { for end in [output.write, errors.write] { close(end) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if !readsInput { posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) }
    posix_spawn_file_actions_adddup2(&actions, output.write, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, errors.write, STDERR_FILENO)
    let words =
      ["deq", "check", "--json"] + (Self.sharesMachine(check) ? ["--threads", "1"] : []) + check.arguments
    let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup(systemName($0)) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var identifier: pid_t = 0
    let code = Interruption.putOff {
      let code = posix_spawnp(&identifier, Self.program, &actions, nil, arguments, environ)
      if code == 0 { Interruption.addChild(identifier) }
      return code
    }
    guard code == 0 else {
      for end in [output.read, errors.read] { close(end) }
      throw CommandFailure(
        .noMemory, "\(Self.program): cannot be started again: \(String(cString: strerror(code)))")
    }
    self.identifier = identifier
    descriptors = [output.read, errors.read]
  }

  /// Reads what there is on one of the pipes; closes it at its end.
  func receive(from index: Int) {
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    let count = read(descriptors[index], &piece, piece.count)
    if count > 0 { return received[index] += piece[..<count] }
    if count < 0, errno == EINTR || errno == EAGAIN { return }
    close(descriptors[index])
    descriptors[index] = -1
  }

  /// Waits for the end of the process, whose pipes are at theirs.
  func wait() -> Ending {
    var status: Int32 = 0
    while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
    Interruption.removeChild(identifier)
    let signal = status & 0x7F
    return Ending(
      status: signal == 0 ? (status >> 8) & 0xFF : nil, signal: signal, output: received[0],
      errors: received[1])
  }

  /// Ends the process before its time.
  func stop() {
    kill(identifier, SIGTERM)
    for descriptor in descriptors where descriptor >= 0 { close(descriptor) }
    _ = wait()
  }

  /// Whether the check gets one thread: unless it says how many, there are as many processes as cores.
  private static func sharesMachine(_ check: ListedCheck) -> Bool {
    getenv("OPENBLAS_NUM_THREADS") == nil
      && !check.arguments.contains { $0 == "--threads" || $0.hasPrefix("--threads=") }
  }

  /// The file of this program.
  private static let program: String = {
    #if os(Linux)
      if access("/proc/self/exe", X_OK) == 0 { return "/proc/self/exe" }
    #else
      var size = UInt32(PATH_MAX)
      var path = [CChar](repeating: 0, count: Int(size))
      if _NSGetExecutablePath(&path, &size) == 0 {
        return String(decoding: path.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      }
    #endif
    return CommandLine.arguments[0]
  }()

  /// A pipe whose ends no other process inherits.
  private static func closedPipe() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    guard makePipe(&ends) == 0 else {
      throw CommandFailure(.noMemory, "--jobs: no more pipes: \(String(cString: strerror(errno)))")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }
}

/// The system's call; within the class the name is taken.
private func makePipe(_ ends: inout [Int32]) -> Int32 { pipe(&ends) }
