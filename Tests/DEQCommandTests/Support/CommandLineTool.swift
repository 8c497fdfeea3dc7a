#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The executable `deq`, as it was built beside the test bundle.
enum CommandLineTool {
  /// The path of the executable.
  ///
  /// A test bundle is the executable itself on Linux (`…/debug/….xctest`) and a folder on macOS
  /// (`…/debug/….xctest/Contents/MacOS/…`), so the folders above the running program are searched, nearest first.
  static let path: String = {
    let running = [runningExecutable] + CommandLine.arguments.filter { $0.contains(".xctest") }
    for program in running.compactMap({ $0 }) {
      var folder = absolute(program)[...]
      while let slash = folder.lastIndex(of: "/") {
        folder = folder[..<slash]
        let candidate = folder + "/deq"
        if isExecutableFile(String(candidate)) { return String(candidate) }
      }
    }
    fatalError("no executable deq in the folders above \(running)")
  }()

  private static var runningExecutable: String? {
    #if os(Linux)
      var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
      let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
      return count > 0
        ? String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    #else
      return CommandLine.arguments[0]
    #endif
  }

  private static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return String(cString: folder) + "/" + path
  }

  private static func isExecutableFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
  }
}

/// What a process left behind.
struct Outcome {
  /// The exit status; 128 and the number of the signal where one ended it, as a shell has it.
  let status: Int32
  let output: [UInt8]
  let errors: [UInt8]

  /// Standard output as text.
  var text: String { String(decoding: output, as: UTF8.self) }
  /// Standard error as text.
  var complaint: String { String(decoding: errors, as: UTF8.self) }
  /// The first line of standard output.
  var firstLine: String { String(text.prefix { $0 != "\n" }) }
}

/// A process that runs, with its streams on files: no pipe that another test's child could hold open.
struct RunningProcess {
  let identifier: pid_t

  /// Starts a program in a folder. SIGPIPE and the signals that end a process are as in a fresh shell.
  init(
    _ path: String, _ arguments: [String], in folder: String, environment: [String: String],
    input: String, output: String, errors: String
  ) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for number in [SIGPIPE, SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, number) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    // The shell changes the folder and becomes the program; posix_spawn cannot do that everywhere.
    let words =
      (["/bin/sh", "-c", #"cd "$0" && exec "$@""#, folder, path] + arguments).map { strdup($0) } + [nil]
    let variables = environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in words + variables { free(pointer) } }
    var identifier: pid_t = 0
    let failure = posix_spawn(&identifier, "/bin/sh", &actions, &attributes, words, variables)
    precondition(failure == 0, "\(path) cannot be started: \(String(cString: strerror(failure)))")
    self.identifier = identifier
  }

  /// Waits until the process has ended, and returns its exit status.
  func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
  }
}

/// The variables that a child gets: those of the test, less what changes a report, plus `changes`.
func childEnvironment(_ changes: [String: String] = [:]) -> [String: String] {
  var variables: [String: String] = [:]
  var next = environ
  while let entry = next.pointee {
    let text = String(cString: entry)
    if let mark = text.firstIndex(of: "=") {
      variables[String(text[..<mark])] = String(text[text.index(after: mark)...])
    }
    next += 1
  }
  variables["NO_COLOR"] = nil
  variables["SWIFT_BACKTRACE"] = "enable=no"
  variables["OPENBLAS_NUM_THREADS"] = "1"
  variables["TERM"] = "xterm"
  // Room for every sentence on one line, but where a test is about breaking it.
  variables["COLUMNS"] = "10000"
  return variables.merging(changes) { $1 }
}
