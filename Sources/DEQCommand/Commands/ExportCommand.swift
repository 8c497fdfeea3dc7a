import ArgumentParser
import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a model can be written as.
enum ExportFormat: String, ExpressibleByArgument, CaseIterable {
  case torch
  case jax
  case npz
  case mat
  case dot
  case svg
  case onnx
  case transition = "onnx-transition"

  /// The suffix of the default output.
  var suffix: String {
    switch self {
    case .torch: "_torch.py"
    case .jax: "_jax.py"
    case .npz, .mat: ".matrices.\(rawValue)"
    case .dot, .svg: ".\(rawValue)"
    case .onnx: ".deq.onnx"
    case .transition: ".transition.onnx"
    }
  }
}

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Hands a model over: to PyTorch, JAX, SciPy, MATLAB, Graphviz or any runtime of ONNX.",
    usage: "deq export <model> --to <to> [<options>]",
    discussion: """
      --to torch writes a module to train on, NAME_torch.py, and its weights, NAME_torch.safetensors: parameters under \
      their own names and shapes, transition(z, x), forward(x) with TorchDEQ and implicit gradients where blocks read \
      each other, and to_deq(), which writes the trained model for deq. --to jax writes the same as functions over a \
      dictionary of parameters, solved by optimistix. NAME has _ for what a module's name in Python cannot have.

      --to npz and --to mat write A, B, b, C and D of z = φ(A z + B x + b), y = C z + D x for SciPy and MATLAB, sparse \
      unless --dense asks for all numbers, with the names of rows and columns. --to dot and --to svg draw the graph of \
      blocks, those that read each other in a frame.

      --to onnx writes the equilibrium: a loop over the transition, from zeros, from x to y in their own shapes. A \
      model whose blocks do not read each other in a cycle takes exactly as many iterations as its longest path has \
      blocks. Any other stops once max|f(z, x) - z| is at most 64 times the precision's epsilon times max|z|, for \
      every sample and every group of blocks, after --iterations at the latest; a second output, converged, says of \
      which samples that is true. --to onnx-transition writes f(z, x) alone, of flattened z and x, for a solver of \
      one's own. What was written in ONNX is read again and checked before it gets its name, against the model in the \
      precision of the file; where the check does not accept it, nothing is kept.

      A network in place of the model is converted first.

      Examples:
        deq export mlp.deq.json --to torch -o model.py    writes model.py and model.safetensors
        deq export mlp.deq.json --to onnx                 writes mlp.deq.onnx
        deq export mlp.json --to onnx-transition -o f.onnx
      """)

  @Argument(help: "An equilibrium model, or a network, as JSON or ONNX; - is standard input.")
  var model: String

  @Option(
    help:
      "What to write: torch, jax, npz, mat, dot, svg, onnx (the equilibrium) or onnx-transition (f alone).")
  var to: ExportFormat

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Where to write; - is standard output, for one file. (default: NAME_torch.py, NAME.deq.onnx, … beside the model)"
    ))
  var output: String?

  @Option(
    help: ArgumentHelp(
      """
      Of ONNX: what weights are rounded to and computed in; not every runtime has float64 for every operator. \
      (default: float32)
      """))
  var precision: Precision?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Of ONNX: the version of the operators, \(ONNXExport.opsets.lowerBound) to \(ONNXExport.opsets.upperBound); a runtime \
      must be as new as it. (default: \(ONNXExport.opset))
      """))
  var opset: Int?

  @Option(
    parsing: .unconditional, help: "Of ONNX: the most iterations for a model with cycles. (default: 1000)")
  var iterations: Int?

  @Flag(help: "Of npz and mat: write all numbers of the matrices, zeros too.")
  var dense = false

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
    if iterations != nil, to != .onnx {
      throw ValidationError(
        to == .transition
          ? "--iterations: a transition is not iterated; expected --to onnx"
          : "--iterations: expected --to onnx, found --to \(to.rawValue)")
    }
    if dense, to != .npz, to != .mat {
      throw ValidationError("--dense: expected --to npz or mat, found --to \(to.rawValue)")
    }
    for (name, isGiven) in [("--precision", precision != nil), ("--opset", opset != nil)]
    where isGiven && to != .onnx && to != .transition {
      throw ValidationError("\(name): expected --to onnx, found --to \(to.rawValue)")
    }
    if let opset, !ONNXExport.opsets.contains(opset) {
      throw ValidationError(
        "--opset: expected a version from \(ONNXExport.opsets.lowerBound) to \(ONNXExport.opsets.upperBound), "
          + "found \(opset)")
    }
  }

  func run() throws {
    reading.apply()
    let (equilibrium, wasConverted) = try read()
    let target = output ?? Self.defaultOutput(for: model, to)
    let handOver = HandOver(command: self, target: target)
    let files: [String]
    switch to {
    case .torch: files = try PythonHandOver(command: self, library: .torch, target: target).run(equilibrium)
    case .jax: files = try PythonHandOver(command: self, library: .jax, target: target).run(equilibrium)
    case .npz: files = try handOver.writeMatrices(of: equilibrium, as: .npz)
    case .mat: files = try handOver.writeMatrices(of: equilibrium, as: .mat)
    case .dot: files = try handOver.write(GraphExport(equilibrium, named: fileName(of: model)).dot)
    case .svg: files = try handOver.write(GraphExport(equilibrium, named: fileName(of: model)).svg)
    case .onnx, .transition:
      return try ONNXHandOver(command: self, target: target).run(equilibrium, wasConverted: wasConverted)
    }
    try show(HandOverReport(command: self, model: equilibrium, wasConverted: wasConverted, files: files))
  }

  /// Prints a report on files.
  private func show(_ report: HandOverReport) throws {
    let isBeside = report.files == ["standard output"]
    if json {
      let text = try report.json
      return isBeside ? writeToStandardError(text) : try writeToStandardOutput(text)
    }
    var lines = Report(to: isBeside ? STDERR_FILENO : STDOUT_FILENO)
    report.describe(in: &lines)
    try lines.write()
  }

  private func read() throws -> (EquilibriumModel<Double>, wasConverted: Bool) {
    let file = try ModelFile.read(model)
    if check { try ModelArguments.requireFiniteNumbers(file) }
    return switch file {
    case .equilibrium(let equilibrium): (equilibrium, false)
    case .network(let network): (EquilibriumModel(converting: network), true)
    }
  }

  /// `NAME.deq.onnx` beside `NAME.deq.json`, `NAME.json` or `NAME.onnx`, and never one of these; standard output for
  /// standard input.
  static func defaultOutput(for input: String, _ format: ExportFormat) -> String {
    if input == "-" { return "-" }
    var name = ((try? ModelFolder.model(at: input)) ?? input)[...]
    for suffix in [".json", ".onnx"] where name.hasSuffix(suffix) {
      name = name.dropLast(suffix.count)
      break
    }
    if name.hasSuffix(".deq") { name = name.dropLast(4) }
    guard format == .torch || format == .jax else { return name + format.suffix }
    let start = name.lastIndex(of: "/").map(name.index(after:)) ?? name.startIndex
    return name[..<start] + moduleName(name[start...]) + format.suffix
  }

  /// A name that Python's `import` takes: `_` in place of what names in Python do not have.
  private static func moduleName(_ name: Substring) -> String {
    let scalars = name.unicodeScalars.map { scalar in
      scalar == "_" || scalar.properties.isXIDContinue ? scalar : "_"
    }
    var module = ""
    if scalars.first?.properties.isXIDStart == false, scalars.first != "_" { module = "_" }
    module.unicodeScalars.append(contentsOf: scalars)
    return module
  }
}
