import ArgumentParser
import DeepEquilibrium

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Converts networks into the equilibrium models that are the same functions.",
    discussion: """
      Each file is converted for itself, into NAME.deq.json beside it; where one fails, the others go on, and the exit \
      status is the worst of all. With --stack the files are one network, in the order given: each one's output is the \
      next one's input, and layers are called 1.NAME, 2.NAME, …. What was written is read again and checked before it \
      gets its name; where the check does not accept it, nothing is kept. With -o - the model goes to standard output, \
      and the report to standard error.

      Examples:
        deq convert mlp.json                          writes mlp.deq.json
        deq convert *.onnx                            a model beside each of them
        deq convert --stack 1.json 2.json -o m.json   one model of both, stacked
        deq convert weights.safetensors --activation relu   linear layers as a state dict has them; .npz too
        deq convert --transition f.onnx               a model trained elsewhere: f(z, x), the state first
      """)

  @Argument(help: "Networks or equilibrium models, as JSON or ONNX; - is standard input.")
  var networks: [String]

  @Flag(help: "Stack all files into one model.")
  var stack = false

  @Flag(
    help: """
      Read a model that was trained elsewhere, as its transition f(z, x) in ONNX: two inputs, the state first; its output \
      is the state, a second output, or what a second file makes of z, or of z and x.
      """)
  var transition = false

  @Option(
    help: ArgumentHelp(
      """
      Read files of weights alone, .safetensors or .npz with NAME.weight and NAME.bias of linear layers, as networks \
      with this activation between the layers.
      """, valueName: "name"))
  var activation: String?

  @Option(
    name: .shortAndLong,
    help: "Where to write one model; - is standard output. (default: NAME.deq.json beside the first input)")
  var output: String?

  @Flag(help: "Write whole matrices Wz, Wx and b instead of blocks.")
  var matrix = false

  @OptionGroup(title: "ONNX options") var onnx: ONNXOptions

  @OptionGroup var placement: WeightsOption

  @OptionGroup var options: ConversionOptions

  @OptionGroup(title: "Solver options of the check") var solve: SolveOptions

  @OptionGroup var reading: ReadingOptions

  @OptionGroup var threading: ThreadsOption

  func validate() throws {
    if matrix, placement.weights != .inline {
      throw ValidationError(
        "--matrix spells all numbers out: expected --weights inline, found \(placement.weights.rawValue)"
      )
    }
    if activation != nil, stack {
      throw ValidationError("--activation: expected files of weights, each a network, found --stack")
    }
    if transition {
      guard networks.count <= 2 else {
        throw ValidationError(
          "--transition: expected a transition, and perhaps its read-out, found \(networks.count) files")
      }
      if networks.contains("-") {
        throw ValidationError("--transition: expected a file, found standard input")
      }
      if stack || activation != nil {
        throw ValidationError(
          "--transition: expected no other way of reading, found \(stack ? "--stack" : "--activation")")
      }
    }
    if !stack, !transition, networks.count > 1, output != nil {
      throw ValidationError(
        "-o: expected one network, found \(networks.count); --stack makes one model of several")
    }
  }

  func run() throws {
    reading.apply()
    threading.apply()
    try ModelArguments.requireOneStandardInput(networks)
    if stack || transition || networks.count == 1 {
      try options.report(outcome(of: networks), target: target(for: networks[0]))
    } else {
      try runEach()
    }
  }

  /// Converts each file separately, and ends with the worst status.
  private func runEach() throws {
    var outcomes: [(path: String, outcome: Result<ConversionOutcome, CommandFailure>)] = []
    let target = target(for: networks[0])
    for path in networks {
      do {
        let outcome = try outcome(of: [path])
        if !options.json { try outcome.describe(to: ConversionOptions.reportDescriptor(target: target)) }
        outcomes.append((path, .success(outcome)))
      } catch let error as FileError {
        outcomes.append((path, .failure(CommandFailure(DEQ.exitStatus(of: error.kind), error.description))))
      } catch let error as CommandFailure {
        outcomes.append((path, .failure(error)))
      }
      if case .failure(let failure) = outcomes[outcomes.count - 1].outcome {
        writeToStandardError(DEQ.complaint(oneLine(failure.message), failure.status))
      }
    }
    let summary = ConversionSummary(outcomes: outcomes)
    if options.json {
      try ConversionOptions.print(try summary.json, target: target)
    } else {
      try writeToStandardOutput(summary.line + "\n")
    }
    if let status = summary.worst { throw CommandFailure(status) }
  }

  /// Converts a file, or several as a stack or a transition.
  private func outcome(of paths: [String]) throws -> ConversionOutcome {
    let source = try ConversionSource(command: self, paths: paths).read()
    let network = try source.network()
    let model = EquilibriumModel(converting: network)
    if matrix { try MatrixFormLimit.require(of: model) }
    return try CheckedConversion(
      command: "convert", source: source, original: .network(network), converted: .equilibrium(model),
      form: matrix ? .matrix : .blocks, target: target(for: paths[0]),
      weights: placement.weights,
      requiresWeightsFile: paths.allSatisfy { $0 == "-" || $0.hasSuffix(".json") }, options: options,
      solve: solve
    ).run()
  }

  private func target(for input: String) -> String {
    output ?? Self.defaultOutput(for: input)
  }

  /// `NAME.deq.json` beside the input `NAME.json`, `NAME.onnx`, `NAME.nnet`, `NAME.safetensors` or `NAME.npz`, which `.gz`
  /// may follow; for a folder, beside its only model; standard output for standard input.
  static func defaultOutput(for input: String) -> String {
    if input == "-" { return "-" }
    let input = (try? ModelFolder.model(at: input)) ?? input
    let name = input.hasSuffix(".gz") ? String(input.dropLast(3)) : input
    let ending = [".json", ".onnx", ".nnet", ".safetensors", ".npz"].first(where: name.hasSuffix)
    return name.dropLast(ending?.count ?? 0) + ".deq.json"
  }
}
