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
      model, for: library, weights: fileName(of: weights), source: fileName(of: command.model), file: target
    )
    try writeFiles(
      [
        (weights, { sink throws(FileError) in try export.writeWeights(to: sink) }),
        (target, { sink throws(FileError) in try sink.write(Array(export.text.utf8)) }),
      ], force: command.force)
    return [target, weights]
  }
}
