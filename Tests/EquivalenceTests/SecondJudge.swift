import DeepEquilibrium
import Foundation
import TestSupport

@testable import Equivalence

/// A model together with the files that it was read from.
struct ModelWithFiles {
  let model: JudgedModel
  let files: [InputFile]

  /// Reads a model, or several networks to be stacked.
  init(_ paths: [String]) throws {
    let parts = try paths.map { try ModelFile.readNotingFiles($0) }
    files = parts.flatMap(\.files)
    if parts.count == 1, case .equilibrium(let model) = parts[0].model {
      self.model = .equilibrium(model)
      return
    }
    model = .network(
      try Network(
        stacking: parts.map { part in
          switch part.model {
          case .network(let network): network
          case .equilibrium(let model): try Network(model)
          }
        }))
  }

  var identity: [UInt8] { InputFile.identity(of: files).bytes }
}

/// What `Tests/Oracles/certificate.py` says of a certificate.
struct SecondJudge {
  /// What it printed, in one line.
  let line: String
  /// 0 verified, 1 refused, 2 wrong usage or out of its scope.
  let status: Int32

  /// Hands a certificate to the verifier.
  init(_ certificate: [UInt8], in folder: String) throws {
    let path = "\(folder)/certificate.json"
    try Data(certificate).write(to: URL(filePath: path))
    self = try Self.run("certificate.py", [path], in: folder)
  }

  private init(line: String, status: Int32) {
    (self.line, self.status) = (line, status)
  }

  /// Where Python keeps the judge as it has compiled it, for all runs of this process.
  private static let compiled: String = {
    atexit { try? FileManager.default.removeItem(atPath: SecondJudge.compiled) }
    return FileManager.default.temporaryDirectory.appending(path: "second-judge-\(UUID().uuidString)").path
  }()

  /// Runs a script beside the oracles' numbers.
  static func run(_ script: String, _ arguments: [String] = [], in folder: String) throws -> SecondJudge {
    let oracles = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Oracles")
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      ["-u", "PYTHONDONTWRITEBYTECODE", "python3", "-X", "pycache_prefix=\(compiled)"]
      + [oracles.appending(path: script).path] + arguments
    process.currentDirectoryURL = URL(filePath: folder)
    // A file rather than a pipe, which other tests' processes would inherit and hold open.
    let output = "\(folder)/line-\(UUID().uuidString)"
    _ = FileManager.default.createFile(atPath: output, contents: nil)
    let handle = FileHandle(forWritingAtPath: output)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
    process.waitUntilExit()
    let line = try String(contentsOfFile: output, encoding: .utf8)
    return SecondJudge(
      line: line.hasSuffix("\n") ? String(line.dropLast()) : line, status: process.terminationStatus)
  }
}

/// A folder that goes away with its last user.
final class CertificateFolder {
  let path: String

  init() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "certificates-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    path = folder.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file in it and returns its path.
  func file(_ name: String, _ write: (any ByteSink) throws -> Void) throws -> String {
    let sink = MemorySink()
    try write(sink)
    try Data(sink.bytes).write(to: URL(filePath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }
}

extension Certificate {
  /// A certificate of two models that claims equality whether or not it is so, with all parameters of one name and shape
  /// matched.
  static func claimed(
    _ first: ModelWithFiles, _ second: ModelWithFiles, _ claim: Claim = .function, seed: UInt64 = 0
  ) throws -> [UInt8]? {
    let systems = [first.model.equations, second.model.equations]
    let matches = matchedParameters(
      ParameterTable(systems[0]), ParameterTable(systems[1]), comparison: nil)
    let certificate = Certificate(
      claiming: claim, whereDefined: false, of: systems,
      matching: ParameterProof(
        matches: matches, onlyFirst: [], onlySecond: [], outcome: .proved(ProofBasis(method: .field))),
      identities: [first.identity, second.identity], seed: seed)
    return try certificate.map { certificate in
      let sink = MemorySink()
      try certificate.write(
        firstFiles: first.files, secondFiles: second.files, tool: "deq, under test", to: sink)
      return sink.bytes
    }
  }
}
