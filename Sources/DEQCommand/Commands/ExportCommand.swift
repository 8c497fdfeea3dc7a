import ArgumentParser
import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes an equilibrium model as ONNX, which any runtime executes.",
    discussion: """
      --to onnx writes the equilibrium: a loop over the transition, from zeros, from x to y in their own shapes. A \
      model whose blocks do not read each other in a cycle takes exactly as many iterations as its longest path has \
      blocks. Any other stops once max|f(z, x) - z| is at most 64 times the precision's epsilon times max|z|, for \
      every sample and every group of blocks, after --iterations at the latest; a second output, converged, says of \
      which samples that is true.

      --to onnx-transition writes f(z, x) alone, of flattened z and x, for a solver of one's own.

      Weights stand in the file once. A network in place of the model is converted first. What was written is \
      read again and checked before it gets its name, against the model in the precision of the file; where the \
      check does not accept it, nothing is kept.

      Examples:
        deq export mlp.deq.json --to onnx                 writes mlp.deq.onnx
        deq export mlp.json --to onnx-transition -o f.onnx
      """)

  /// The model to be written.
  enum ExportFormat: String, ExpressibleByArgument, CaseIterable {
    case onnx
    case transition = "onnx-transition"

    /// The suffix of the default output.
    var suffix: String { self == .onnx ? ".deq.onnx" : ".transition.onnx" }
  }

  @Argument(help: "An equilibrium model, or a network, as JSON or ONNX; - is standard input.")
  var model: String

  @Option(help: "What to write: onnx (the equilibrium) or onnx-transition (f alone).")
  var to: ExportFormat

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      """
      Where to write; - is standard output. (default: NAME.deq.onnx or NAME.transition.onnx beside NAME.deq.json)
      """))
  var output: String?

  @Option(
    help: "What weights are rounded to and computed in; not every runtime has float64 for every operator.")
  var precision = Precision.float32

  @Option(parsing: .unconditional, help: "The most iterations for a model with cycles. (default: 1000)")
  var iterations: Int?

  @Flag(inversion: .prefixedNo, help: "Check what was written before keeping it.")
  var check = true

  @Flag(help: "Replace an existing, different file.")
  var force = false

  @OptionGroup var reading: ReadingOptions

  @Flag(help: "Print the report as one JSON object.")
  var json = false

  func validate() throws {
    if let iterations, iterations < 1 {
      throw ValidationError("--iterations: expected at least 1, found \(iterations)")
    }
    if iterations != nil, to == .transition {
      throw ValidationError("--iterations: a transition is not iterated; expected --to onnx")
    }
  }

  func run() throws {
    reading.apply()
    let (equilibrium, wasConverted) = try read()
    let target = output ?? Self.defaultOutput(for: model, to)
    let name = target == "-" ? "standard output" : target
    let content: ONNXExport.Content =
      to == .transition ? .transition : .equilibrium(iterations: iterations ?? 1000)
    let export = try ONNXExport(equilibrium, as: content, precision: precision, file: name)
    var result: EquivalenceReport?
    let isKept = try write(
      export, to: target,
      if: !check
        ? nil
        : { written in
          result = try checked(written, as: equilibrium)
          return result!.isAccepted
        })
    guard isKept else {
      throw CommandFailure(
        result?.statusOfConversion ?? .refuted,
        "\(name): what was written is not the function of \(model) in \(precision.rawValue) "
          + "(\(result.map { [$0.verdict.rawValue, $0.fault ?? ""].joined(separator: ": ") } ?? "")); nothing was kept"
      )
    }
    let report = ExportReport(
      command: self, export: export, target: name, wasConverted: wasConverted,
      nilpotencyIndex: equilibrium.nilpotencyIndex, check: result)
    if json {
      let text = try report.json
      if target == "-" { writeToStandardError(text) } else { try writeToStandardOutput(text) }
    } else {
      var lines = Report(to: target == "-" ? STDERR_FILENO : STDOUT_FILENO)
      report.describe(in: &lines)
      try lines.write()
    }
  }

  private func read() throws -> (EquilibriumModel<Double>, wasConverted: Bool) {
    let file = try ModelFile.read(model)
    if check { try ModelArguments.requireFiniteNumbers(file) }
    return switch file {
    case .equilibrium(let equilibrium): (equilibrium, false)
    case .network(let network): (EquilibriumModel(converting: network), true)
    }
  }

  /// Judges the written file, read again, against the model as a file in this precision holds it.
  private func checked(
    _ written: ModelFile, as model: EquilibriumModel<Double>
  ) throws -> EquivalenceReport {
    try requireMemory(
      toCheck: .equilibrium(model), written.judged, samples: EquivalenceChecker().samples,
      remedy: "--no-check leaves the check out")
    return EquivalenceChecker().check(.equilibrium(precision.rounded(model)), against: written.judged)
  }

  /// Writes the export, reads it again, and keeps it if `isAccepted` returns true for the result.
  ///
  /// - Returns: Whether it was kept.
  private func write(
    _ export: ONNXExport, to target: String, if isAccepted: ((ModelFile) throws -> Bool)?
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
      try requireReplaceable(file, force: force)
      guard
        try isAccepted?(ModelFile.read(FileContents(FileContents(reading: temporary).bytes, named: target)))
          ?? true
      else {
        file.discard()
        return false
      }
      try file.commit(replacing: force)
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

  /// `NAME.deq.onnx` beside `NAME.deq.json`, `NAME.json` or `NAME.onnx`, and never one of these; standard output for
  /// standard input.
  static func defaultOutput(for input: String, _ format: ExportFormat) -> String {
    if input == "-" { return "-" }
    var name = input[...]
    for suffix in [".json", ".onnx"] where name.hasSuffix(suffix) {
      name = name.dropLast(suffix.count)
      break
    }
    if name.hasSuffix(".deq") { name = name.dropLast(4) }
    return name + format.suffix
  }
}
