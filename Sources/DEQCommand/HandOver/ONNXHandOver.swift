import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The export of a model to ONNX, read again and checked before it is kept.
struct ONNXHandOver {
  let command: ExportCommand
  let target: String

  private var precision: Precision { command.precision ?? .float32 }

  /// Writes the file, and the report.
  func run(_ equilibrium: EquilibriumModel<Double>, wasConverted: Bool) throws {
    let name = target == "-" ? "standard output" : target
    let content: ONNXExport.Content =
      command.to == .transition ? .transition : .equilibrium(iterations: command.iterations ?? 1000)
    let export = try ONNXExport(
      equilibrium, as: content, precision: precision,
      opset: command.opset ?? ONNXExport.opset, file: name)
    var result: EquivalenceReport?
    let isKept = try write(
      export,
      if: !command.check
        ? nil
        : { written in
          result = try checked(written, as: equilibrium)
          return result!.isAccepted
        })
    guard isKept else {
      throw CommandFailure(
        result?.statusOfConversion ?? .refuted,
        "\(name): what was written is not the function of \(command.model) in \(precision.rawValue) "
          + "(\(result.map { [$0.verdict.rawValue, $0.fault ?? ""].joined(separator: ": ") } ?? "")); nothing was kept"
      )
    }
    let report = ExportReport(
      command: command, precision: precision, export: export, target: name, wasConverted: wasConverted,
      nilpotencyIndex: equilibrium.nilpotencyIndex, check: result)
    if command.json {
      let text = try report.json
      if target == "-" { writeToStandardError(text) } else { try writeToStandardOutput(text) }
    } else {
      var lines = Report(to: target == "-" ? STDERR_FILENO : STDOUT_FILENO)
      report.describe(in: &lines)
      try lines.write()
    }
  }

  /// Judges the written file, read again, against the model as a file in this precision holds it.
  private func checked(
    _ written: ModelFile, as model: EquilibriumModel<Double>
  ) throws -> EquivalenceReport {
    var checker = EquivalenceChecker()
    try fitIntoMemory(
      &checker, toCheck: .equilibrium(model), written.judged, isAskedFor: false)
    return checker.check(.equilibrium(precision.rounded(model)), against: written.judged)
  }

  /// Writes the export, reads it again, and keeps it if `isAccepted` returns true for the result.
  ///
  /// - Returns: Whether it was kept.
  private func write(
    _ export: ONNXExport, if isAccepted: ((ModelFile) throws -> Bool)?
  ) throws -> Bool {
    if target == "-" {
      return try writeFromMemory(export, named: "standard output", if: isAccepted) { bytes in
        try DescriptorSink.standardOutput().write(bytes)
      }
    }
    return try Interruption.removing(fileAt: target) { file in
      guard let temporary = file.temporaryPath else {
        // A device or a pipe cannot be read again, so the bytes are checked before they are written.
        return try writeFromMemory(export, named: target, if: isAccepted) { bytes in
          try file.write { sink throws(FileError) in try sink.write(bytes) }
          try file.commit()
        }
      }
      try file.write { (sink) throws(FileError) in try export.write(to: sink) }
      try requireReplaceable(file, force: command.force)
      guard
        try isAccepted?(ModelFile.read(FileContents(FileContents(reading: temporary).bytes, named: target)))
          ?? true
      else {
        file.discard()
        return false
      }
      try file.commit(replacing: command.force)
      return true
    }
  }

  private func writeFromMemory(
    _ export: ONNXExport, named name: String, if isAccepted: ((ModelFile) throws -> Bool)?,
    to write: ([UInt8]) throws -> Void
  ) throws -> Bool {
    let sink = MemorySink(named: name)
    try export.write(to: sink)
    guard try isAccepted?(ModelFile.read(FileContents(sink.bytes, named: name))) ?? true else { return false }
    try write(sink.bytes)
    return true
  }
}
