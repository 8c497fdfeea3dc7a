#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A folder of a test's own, the current one of every command that it runs, and gone with it.
final class TemporaryFolder {
  /// The folder; commands run in it, so files are called by their names alone.
  let path: String
  /// Where the streams of commands go, out of the way.
  private let streams: String
  private var runs = 0

  init() {
    path = Self.make()
    streams = Self.make()
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
    try? FileManager.default.removeItem(atPath: streams)
  }

  private static func make() -> String {
    var template = Array((systemFolder + "/deq-test-XXXXXX").utf8CString)
    precondition(mkdtemp(&template) != nil, "no temporary folder: \(String(cString: strerror(errno)))")
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  private static var systemFolder: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

  /// Writes a file.
  func write(_ text: String, to name: String) throws {
    try write(Array(text.utf8), to: name)
  }

  /// Writes a file.
  func write(_ bytes: [UInt8], to name: String) throws {
    try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
  }

  /// The bytes of a file.
  func bytes(of name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(filePath: "\(path)/\(name)")))
  }

  /// A file as text.
  func text(of name: String) throws -> String {
    String(decoding: try bytes(of: name), as: UTF8.self)
  }

  /// Makes a folder.
  func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
  }

  /// The names in the folder, sorted, hidden ones too.
  var names: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? []
  }

  /// Every file at or below the folder, with its bytes.
  func snapshot() throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
      var status = stat()
      guard stat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      files[name] = try bytes(of: name)
    }
    return files
  }

  /// Runs `deq` to its end.
  func deq(_ arguments: String..., input: String = "", environment: [String: String] = [:]) throws -> Outcome
  {
    try deq(arguments, input: input, environment: environment)
  }

  /// Runs `deq` to its end.
  func deq(_ arguments: [String], input: String = "", environment: [String: String] = [:]) throws -> Outcome {
    try run(CommandLineTool.path, arguments, input: input, environment: environment)
  }

  /// Runs a script of the shell, in which `$DEQ` is the executable.
  func shell(_ script: String, environment: [String: String] = [:]) throws -> Outcome {
    let variables = environment.merging(["DEQ": CommandLineTool.path]) { $1 }
    return try run("/bin/sh", ["-c", script], input: "", environment: variables)
  }

  /// Starts `deq` and does not wait; its streams go nowhere.
  func start(_ arguments: [String]) -> RunningProcess {
    RunningProcess(
      CommandLineTool.path, arguments, in: path, environment: childEnvironment(), input: "/dev/null",
      output: "/dev/null", errors: "/dev/null")
  }

  private func run(
    _ program: String, _ arguments: [String], input: String, environment: [String: String]
  ) throws -> Outcome {
    runs += 1
    let (inputPath, outputPath, errorsPath) =
      ("\(streams)/\(runs).in", "\(streams)/\(runs).out", "\(streams)/\(runs).err")
    try Data(input.utf8).write(to: URL(filePath: inputPath))
    let process = RunningProcess(
      program, arguments, in: path, environment: childEnvironment(environment), input: inputPath,
      output: outputPath, errors: errorsPath)
    let status = process.wait()
    return Outcome(
      status: status, output: Array(try Data(contentsOf: URL(filePath: outputPath))),
      errors: Array(try Data(contentsOf: URL(filePath: errorsPath))))
  }
}
