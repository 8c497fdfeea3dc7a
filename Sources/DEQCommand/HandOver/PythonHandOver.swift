import DeepEquilibrium

/// The export of a model as a Python module with its weights beside it.
struct PythonHandOver {
  let command: ExportCommand
  let library: PythonLibrary
  let target: String

  /// Writes both files, and returns their names.
  func run(_ model: EquilibriumModel<Double>) throws -> [String] {
    guard target != "-" else {
      throw CommandFailure(
        .usage,
        "--to \(command.to.rawValue): expected a file to write the weights beside, found standard output")
    }
    let weights = (target.hasSuffix(".py") ? String(target.dropLast(3)) : target) + ".safetensors"
    let export = try PythonExport(
      model, for: library, weights: Self.name(of: weights), source: Self.name(of: command.model), file: target
    )
    try writeFiles(
      [
        (weights, { sink throws(FileError) in try export.writeWeights(to: sink) }),
        (target, { sink throws(FileError) in try sink.write(Array(export.text.utf8)) }),
      ], force: command.force)
    return [target, weights]
  }

  /// The last part of a path.
  static func name(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[$0...].dropFirst()) } ?? path
  }
}

/// Writes two files atomically: both get their names once both are complete. Existing, different ones are replaced
/// only with force.
func writeFiles(
  _ files: [(path: String, write: (any ByteSink) throws(FileError) -> Void)], force: Bool
) throws {
  try Interruption.removing(fileAt: files[0].path) { first in
    try first.write { (sink) throws(FileError) in try files[0].write(sink) }
    try requireReplaceable(first, force: force)
    guard files.count > 1 else { return try first.commit(replacing: force) }
    try Interruption.removing(fileAt: files[1].path) { second in
      try second.write { (sink) throws(FileError) in try files[1].write(sink) }
      try requireReplaceable(second, force: force)
      let pair = AtomicPair(weights: first, description: second)
      try Interruption.putOff { try pair.commit(replacing: force) }
    }
  }
}
