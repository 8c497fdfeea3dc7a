import ArgumentParser
import DeepEquilibrium

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract:
      "Evaluates a network or an equilibrium model on samples, with gradients where they have cotangents.",
    discussion: """
      Samples are {"input": [[…], …]}, and for gradients also "cotangent": [[…], …]; or a NumPy array, .npy; or the arrays \
      "input" and "cotangent" of an .npz, or one of each named input there; or a .csv with a sample in each line, and perhaps a first line of names. \
      Cotangents may be a file of their own of any of these kinds. What is written is JSON, or NumPy's arrays if -o names \
      an .npz. A network is evaluated \
      layer by layer and differentiated by backpropagation; an equilibrium model is solved and differentiated \
      implicitly, and what its solver did goes to standard error. Each sample of which no equilibrium is found is an \
      error, with exit status 1, and each whose output or gradient is not finite is one with 65; the others' answers are \
      written all the same, and its own rows are empty.

      A residual is f(z) − z. Where every coordinate of it is accepted, by default at the level of what rounding of f does \
      to that coordinate, the state is called converged; --tolerance and --absolute-tolerance add up, and hold for the \
      adjoint too.

      Examples:
        echo '{"input": [[1, 2]]}' | deq evaluate mlp.deq.json
        deq evaluate m.json --input x.json --tolerance 1e-6 --state -o state.json
        deq evaluate mlp.onnx --input x.npy --cotangent e.npy -o results.npz
        deq evaluate m.json --input x.json --start state.json --solver newton --trace
      """)

  @Argument(help: "A network or an equilibrium model, as JSON or ONNX; - is standard input.")
  var model: String

  @Option(help: "The samples: JSON, .npy, .npz or .csv; - is standard input.")
  var input = "-"

  @Option(
    help: ArgumentHelp(
      "The cotangents of the outputs, one for each sample, where they do not stand beside the inputs.",
      valueName: "file"))
  var cotangent: String?

  @Option(help: "How equilibria are found: along the dependency graph, or by a solver on the whole state.")
  var solver = MethodName.structured

  @OptionGroup(title: "ONNX options") var onnx: ONNXOptions

  @OptionGroup(title: "Solver options") var solve: SolveOptions

  @Option(
    help: ArgumentHelp(
      """
      Where the iteration begins: zeros, or a file with a state such as --state writes. (default: where the solver \
      begins by itself: what f makes of zeros, and zeros for a solver on the whole state)
      """, valueName: "zeros|file"))
  var start: String?

  @Option(
    help: ArgumentHelp(
      """
      How gradients pass through equilibria: exact, or an estimate that does not solve for the adjoint: \
      jacobian-free, neumann:TERMS, phantom:STEPS,DAMPING.
      """, valueName: "estimate"))
  var gradients = GradientChoice.exact

  @OptionGroup(title: "The way to the equilibrium") var way: TrajectoryOptions

  @Option(help: "The precision of the evaluation.")
  var precision = Precision.float64

  @Option(name: .shortAndLong, help: "Where to write: JSON, or arrays to an .npz; - is standard output.")
  var output = "-"

  @Flag(help: "Replace an existing, different output file.")
  var force = false

  @OptionGroup var reading: ReadingOptions

  @OptionGroup var threading: ThreadsOption

  @Flag(help: "Add what became of each sample, and the solver's statistics, to the object that is written.")
  var json = false

  @Flag(
    help: """
      Add the value of every block of an equilibrium model, and with cotangents its adjoint g = Jᵀ g + e; includes \
      --json, but for arrays.
      """)
  var state = false

  @Flag(help: "Add the residuals from update to update; includes --json.")
  var trace = false

  @Flag(
    help: """
      Add an estimate of the spectral radius of J = ∂f/∂z at every equilibrium of a model, by power iteration; includes \
      --json.
      """)
  var spectralRadius = false

  @Flag(
    help: """
      Add the least time of a solve, and of a differentiation, among as many as fit into a fifth of a second; includes \
      --json.
      """)
  var time = false

  private var writesArrays: Bool { output.lowercased().hasSuffix(".npz") }

  /// Options that add to a report in JSON what arrays do not hold.
  private var reportOptions: [(name: String, isGiven: Bool)] {
    [
      ("--json", json), ("--trace", trace), ("--spectral-radius", spectralRadius), ("--time", time),
      ("--at-iterations", way.atIterations != nil),
    ]
  }

  private var isReport: Bool { !writesArrays && (state || reportOptions.contains(where: \.isGiven)) }

  func validate() throws {
    try solve.requireParameters(of: solver)
    try way.requireUpdates(of: gradients)
    if writesArrays, let option = reportOptions.first(where: \.isGiven) {
      throw ValidationError("\(option.name): expected a file of JSON to write it to, found \(output)")
    }
  }

  func run() throws {
    reading.apply()
    threading.apply()
    try ModelArguments.requireOneStandardInput([model, input] + [start, cotangent].compactMap(\.self))
    let file = try ModelFile.read(model, as: onnx.reading)
    try ModelArguments.requireFiniteNumbers(file)
    let evaluation = try evaluation(of: file, at: FileContents(reading: input))
    let isEmpty = !evaluation.hasResult.contains(true) && evaluation.output.rows > 0
    let lacksGradients =
      evaluation.gradients == nil
      && !(evaluation.adjoint.isEmpty && evaluation.gradientsBeyondNumbers.isEmpty)
    if !isReport, isEmpty || lacksGradients { try requireResults(of: evaluation) }
    try requireFinite(evaluation)
    try write(evaluation, file.judged.signature)
    if !isReport, case .equilibrium = file {
      for line in evaluation.statistics { writeToStandardError("\(line)\n") }
    }
    try requireResults(of: evaluation)
  }

  private func evaluation(of file: ModelFile, at samplesFile: FileContents) throws -> Evaluation {
    var settings = EvaluationSettings(solve: solve.settings(by: solver))
    settings.wantsSpectralRadius = spectralRadius
    settings.isTimed = time
    settings.wantsState = state
    settings.estimate = gradients.estimate
    settings.trajectory = way.settings(by: solver, solve, gradients)
    switch file {
    case .network(let network):
      try requireEquilibriumModel()
      let samples = try samples(in: samplesFile, network.inputSize, network.outputSize, network.signature)
      try requireMemory(toEvaluate: network, samples: samples.input.rows)
      return precision == .float64
        ? try settings.evaluation(of: network, at: samples)
        : try settings.evaluation(of: network.cast(to: Float.self), at: samples)
    case .equilibrium(let model):
      let samples = try samples(in: samplesFile, model.inputSize, model.outputSize, model.signature)
      try requireMemory(toEvaluate: model, samples: samples.input.rows)
      if way.correction != nil, model.form == .matrix {
        throw CommandFailure(
          .usage, "--correction: expected a model in block form, found whole matrices in \(self.model)")
      }
      settings.start = try start.map { try readStart($0, of: model, samples: samples.input.rows) }
      return precision == .float64
        ? try settings.evaluation(of: model, at: samples)
        : try settings.evaluation(of: model.cast(to: Float.self), at: samples)
    }
  }

  private func samples(
    in file: FileContents, _ inputSize: Int, _ outputSize: Int, _ signature: ModelSignature
  ) throws -> Samples {
    try Samples.read(
      file, cotangents: cotangent.map { path throws(FileError) in try FileContents(reading: path) },
      inputSize: inputSize, outputSize: outputSize, signature: signature)
  }

  /// A network has no state to begin at, to write or to show.
  private func requireEquilibriumModel() throws {
    let asked = [
      (start != nil, "--start"), (state, "--state"), (spectralRadius, "--spectral-radius"),
      (way.atIterations != nil, "--at-iterations"),
    ]
    if let (_, option) = asked.first(where: \.0) {
      throw CommandFailure(
        .usage, "\(option): expected an equilibrium model, found a network; deq convert makes one of \(model)"
      )
    }
  }

  private func readStart(
    _ start: String, of model: EquilibriumModel<Double>, samples: Int
  ) throws -> [Matrix<Double>] {
    guard start != "zeros" else { return model.zeroState(batch: samples) }
    return try StateFile.read(FileContents(reading: start), for: model, samples: samples)
  }

  /// Reports every sample without an equilibrium, without an adjoint, or with numbers that are not finite: one line each,
  /// or in JSON one object for all.
  private func requireResults(of evaluation: Evaluation) throws {
    let forward = evaluation.forward.allFailures.map { "equilibrium: \($0)" }
    let adjoint = evaluation.adjoint.allFailures.map {
      "adjoint: \($0.description(ofSample: evaluation.adjointRows[$0.sample]))"
    }
    let beyondNumbers = evaluation.samplesBeyondNumbers.map(\.what)
    let failures = (forward + adjoint + beyondNumbers).map { "\(model): \($0)" }
    guard let last = failures.last else { return }
    let status = beyondNumbers.isEmpty ? ExitStatus.refuted : .badData
    if isReport { throw CommandFailure(status, failures.joined(separator: "; "), isInReport: true) }
    for failure in failures.dropLast() { writeToStandardError("deq: \(oneLine(failure))\n") }
    throw CommandFailure(status, last)
  }

  /// JSON cannot represent an infinity, and a reader must be told: of states on the way, and of sums over samples.
  private func requireFinite(_ evaluation: Evaluation) throws {
    if let entry = evaluation.trajectory?.first(where: { !$0.isFinite }) {
      throw CommandFailure(
        .badData, "\(model): the state after \(text(entry.iteration, "iteration")) is not finite")
    }
    guard let gradients = evaluation.gradients else { return }
    if let name = gradients.parameters.names.first(where: { !allFinite(gradients.parameters[$0]!.elements) })
    {
      throw CommandFailure(.badData, "\(model): the gradient of \(name) is not finite")
    }
  }

  private func write(_ evaluation: Evaluation, _ signature: ModelSignature) throws {
    if writesArrays {
      return try writeFiles(
        [
          (
            output,
            { sink throws(FileError) in
              try evaluation.writeArrays(withState: state, signature: signature, to: sink)
            }
          )
        ], force: force)
    }
    let text = try JSONText { (writer) throws(FileError) in
      guard isReport else {
        return try evaluation.writeResults(to: &writer)
      }
      try writer.heading(of: "evaluate")
      try solve.write(solver: solver.rawValue, to: &writer)
      try evaluation.writeKeys(
        EvaluationDetails(
          state: state, trace: trace, estimate: gradients.estimate == nil ? nil : gradients.name), to: &writer
      )
    }.text
    if output == "-" { return try writeToStandardOutput(text) }
    try writeFile(text, to: output, force: force)
  }
}

extension Evaluation {
  /// What the solvers did, one line for each iteration.
  fileprivate var statistics: [String] {
    let lines =
      forward.flatMap { Self.lines("forward", $0) } + adjoint.flatMap { Self.lines("adjoint", $0) }
    return lines.isEmpty ? ["one pass: no block reads itself, nothing to iterate"] : lines
  }

  private static func lines(_ direction: String, _ record: SolveRecord) -> [String] {
    let residual = record.samples.map(\.residual).max() ?? 0
    let line =
      "\(direction): \(record.solver) on \(text(record.blocks.count, "block")): "
      + "\(text(record.iterations, "iteration")), \(text(record.evaluations, "evaluation")), residual \(text(residual))"
      + condition(record)
    return [line] + (record.stages.count > 1 ? record.stages.map { "  \($0)" } : [])
  }

  /// The loss of accuracy from an ill-conditioned I − J, reported where it may have cost half of all digits of the state
  /// or of a gradient.
  private static func condition(_ record: SolveRecord) -> String {
    guard let condition = record.conditionEstimate,
      max(condition, (record.gradientErrorEstimate ?? 0) * 0x1p52) >= 0x1p26
    else { return "" }
    let errors = [("", record.errorEstimate), ("gradients of ", record.gradientErrorEstimate)]
    let texts = errors.compactMap { what, error in error.map { "\(what)up to \(text($0))" } }
    let error = texts.isEmpty ? "" : ", which leaves relative errors of \(texts.joined(separator: ", in "))"
    return "; ill-conditioned: I − J has a condition of about \(text(condition))\(error)"
  }
}
