import ArgumentParser
import DeepEquilibrium

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract:
      "Evaluates a network or an equilibrium model on samples, with gradients where they have cotangents.",
    discussion: """
      Samples are {"input": [[…], …]}, and for gradients also "cotangent": [[…], …]; inputs alone \
      may be a NumPy array, .npy, or the array "input" of an .npz. A network is evaluated \
      layer by layer and differentiated by backpropagation; an equilibrium model is solved and differentiated \
      implicitly, and what its solver did goes to standard error. A sample without an equilibrium is an error, \
      with exit status 1; a value that is not finite is one too, with 65.

      Example:
        echo '{"input": [[1, 2]]}' | deq evaluate mlp.deq.json
      """)

  @Argument(help: "A network or an equilibrium model, as JSON or ONNX; - is standard input.")
  var model: String

  @Option(help: "The samples; - is standard input.")
  var input = "-"

  @Option(help: "How equilibria are found: along the dependency graph, or by a solver on the whole state.")
  var solver = MethodName.structured

  @Option(name: .shortAndLong, help: "Where to write; - is standard output.")
  var output = "-"

  @Flag(help: "Replace an existing, different output file.")
  var force = false

  @OptionGroup var threading: ThreadsOption

  @Flag(help: "Add the solver's statistics to the object that is written.")
  var json = false

  func run() throws {
    threading.apply()
    try ModelArguments.requireOneStandardInput([model, input])
    let file = try ModelFile.read(model)
    try ModelArguments.requireFiniteNumbers(file)
    let samplesFile = try FileContents(reading: input)
    let evaluation =
      switch file {
      case .network(let network): try evaluate(network, samplesFile)
      case .equilibrium(let model): try evaluate(model, samplesFile)
      }
    try requireFinite(evaluation.results)
    try write(evaluation)
    if case .equilibrium = file, !json {
      for line in evaluation.statistics { writeToStandardError("\(line)\n") }
    }
  }

  /// The results, and what the solvers did to get them.
  private struct Evaluation {
    let results: SampleResults
    var forward: [SolveRecord] = []
    var adjoint: [SolveRecord] = []

    var statistics: [String] {
      let lines = forward.map { Self.line("forward", $0) } + adjoint.map { Self.line("adjoint", $0) }
      return lines.isEmpty ? ["one pass: no block reads itself, nothing to iterate"] : lines
    }

    private static func line(_ direction: String, _ record: SolveRecord) -> String {
      let residual = record.samples.map(\.residual).max() ?? 0
      return "\(direction): \(record.solver) on \(text(record.blocks.count, "block")): "
        + "\(text(record.iterations, "iteration")), \(text(record.evaluations, "evaluation")), residual \(text(residual))"
    }
  }

  private func evaluate(_ network: Network<Double>, _ file: FileContents) throws -> Evaluation {
    let samples = try Samples.read(file, inputSize: network.inputSize, outputSize: network.outputSize)
    try requireMemory(toEvaluate: network, samples: samples.input.rows)
    let pass = network.forward(samples.input, solvingBy: solver.method)
    try require(pass.failure)
    guard let cotangent = samples.cotangent else {
      return Evaluation(results: SampleResults(output: pass.output))
    }
    let back = network.backpropagate(cotangent, through: pass, solvingBy: solver.method)
    try require(back.failure, of: "adjoint: ")
    return Evaluation(results: SampleResults(output: pass.output, gradients: back.gradients))
  }

  private func evaluate(_ model: EquilibriumModel<Double>, _ file: FileContents) throws -> Evaluation {
    let samples = try Samples.read(file, inputSize: model.inputSize, outputSize: model.outputSize)
    try requireMemory(toEvaluate: model, samples: samples.input.rows)
    let solution = model.solve(samples.input, by: solver.method)
    try require(solution.failure)
    guard let cotangent = samples.cotangent else {
      return Evaluation(results: SampleResults(output: solution.output), forward: solution.records)
    }
    let back = model.backpropagate(cotangent, through: solution, by: solver.method)
    try require(back.failure, of: "adjoint: ")
    return Evaluation(
      results: SampleResults(output: solution.output, gradients: back.gradients),
      forward: solution.records, adjoint: back.records)
  }

  private func require(_ failure: NoEquilibrium?, of equation: String = "") throws {
    if let failure { throw CommandFailure(.refuted, "\(model): \(equation)\(failure)") }
  }

  /// JSON has no word for an infinity, and a reader should hear of it.
  private func requireFinite(_ results: SampleResults) throws {
    for sample in 0..<results.output.rows {
      if let index = results.output.row(sample).firstIndex(where: { !$0.isFinite }) {
        throw CommandFailure(
          .badData,
          "\(model): the output is not finite for sample \(sample): \(results.output.elements[index])")
      }
    }
    guard let gradients = results.gradients else { return }
    let all =
      [("input", gradients.input.elements)]
      + gradients.parameters.names.map { ($0, gradients.parameters[$0]!.elements) }
    if let (name, _) = all.first(where: { !allFinite($0.1) }) {
      throw CommandFailure(.badData, "\(model): the gradient of \(name) is not finite")
    }
  }

  private func write(_ evaluation: Evaluation) throws {
    let text = try JSONText { (writer) throws(FileError) in
      if json { try writer.heading(of: "evaluate") }
      try evaluation.results.writeKeys(to: &writer)
      guard json else { return }
      try writer.key("solver")
      try writer.beginObject()
      try writer.key("forward")
      try writeJSON(evaluation.forward, to: &writer)
      try writer.key("adjoint")
      try writeJSON(evaluation.adjoint, to: &writer)
      try writer.end()
    }.text
    if output == "-" { return try writeToStandardOutput(text) }
    try writeFile(text, to: output, force: force)
  }
}
