import ArgumentParser
import DeepEquilibrium

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract:
      "Decides whether a network and an equilibrium model are the same function, with the same gradients.",
    discussion: """
      proved: the same equations bit for bit, up to the order and the names of blocks, and the numbers agree.
      agrees: not proved, but outputs and gradients agree to rounding on every input that could be compared.
      refuted: they differ by more than rounding can explain; the report says where.
      undecided: not proved, and no tested input could be compared (values not finite, or no equilibrium).

      Exit status 0 for proved and agrees, 1 for refuted and undecided.

      Examples:
        deq check mlp.json mlp.deq.json
        deq check cnn.onnx cnn.deq.json
        deq check 1.json 2.json m.json    m.json is the stack of 1.json and 2.json
      """)

  @Argument(
    help:
      "The network, JSON or ONNX, or several to be stacked, and last the equilibrium model; - is standard input."
  )
  var files: [String]

  @Option(help: "How many random inputs to try.")
  var samples = 16

  @Option(help: "What decides the inputs: the same seed, the same report.")
  var seed: UInt64 = 0

  @Option(help: "The generic solver, which iterates on the whole state beside the structured one.")
  var solver = SolverName.picard

  @Option(help: "The precision of the evaluation; a proof is always exact.")
  var precision = EquivalenceChecker.Precision.float64

  @Flag(help: "Exit with 1 unless the verdict is proved.")
  var requireProof = false

  @OptionGroup var threading: ThreadsOption

  @Flag(help: "Print the report as one JSON object.")
  var json = false

  func validate() throws {
    guard files.count >= 2 else {
      throw ValidationError("expected a network and an equilibrium model, found \(text(files.count, "file"))")
    }
    guard (1...100_000).contains(samples) else {
      throw ValidationError("--samples: expected a number from 1 to 100000, found \(samples)")
    }
  }

  func run() throws {
    threading.apply()
    try ModelArguments.requireOneStandardInput(files)
    let network = try ModelArguments.network(stacking: Array(files.dropLast()))
    let model = try ModelFile.readEquilibrium(files[files.count - 1])
    try ModelArguments.requireFiniteNumbers(.network(network), .equilibrium(model))
    try requireMemory(toCheck: network, model, samples: samples, remedy: "--samples takes fewer")
    var checker = EquivalenceChecker()
    checker.samples = samples
    checker.seed = seed
    checker.solver = ModelArguments.solver(named: solver)
    checker.precision = precision
    let progress = Progress()
    progress.show("comparing \(text(model.blocks.count, "block"))")
    let result = checker.check(network, against: model)
    progress.finish()
    let names = ReportNames(networks: Array(files.dropLast()), model: files[files.count - 1])
    if json {
      let text = try JSONText { (writer) throws(FileError) in
        try writeJSON(result, command: "check", names: names, to: &writer)
      }.text
      try writeToStandardOutput(text)
    } else {
      var report = Report()
      result.describe(names, model: model, in: &report)
      try report.write()
    }
    if !result.isAccepted || (requireProof && result.verdict != .proved) { throw CommandFailure(.refuted) }
  }
}

extension EquivalenceReport {
  /// Whether the verdict is one that a conversion may be kept for.
  var isAccepted: Bool { verdict == .proved || verdict == .agrees }
}
