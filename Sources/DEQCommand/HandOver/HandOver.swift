import DeepEquilibrium

/// The export of a model to one file for another program.
struct HandOver {
  let command: ExportCommand
  let target: String

  /// Writes the matrices, and returns the name of the file.
  func writeMatrices(of model: EquilibriumModel<Double>, as format: MatrixExport.Format) throws -> [String] {
    let export = try MatrixExport(model, file: name)
    return try write { sink throws(FileError) in
      try export.write(as: format, isDense: command.dense, to: sink)
    }
  }

  /// Writes a text, and returns the name of the file.
  func write(_ text: String) throws -> [String] {
    try write { sink throws(FileError) in try sink.write(Array(text.utf8)) }
  }

  private var name: String { target == "-" ? "standard output" : target }

  private func write(_ body: @escaping (any ByteSink) throws(FileError) -> Void) throws -> [String] {
    if target == "-" {
      try body(DescriptorSink.standardOutput())
    } else {
      try writeFiles([(target, body)], force: command.force)
    }
    return [name]
  }
}
