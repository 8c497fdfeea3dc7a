import ArgumentParser
import DeepEquilibrium

/// The inputs on which two models are compared: `--samples`, `--input`, `--range`, `--search` and `--seed`.
struct TriedInputs: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: "How many random inputs to try; 0 attempts only a proof. (default: 16, fewer of a large model)")
  var samples: Int?

  @Option(help: "Inputs to try besides: samples as JSON, or a .npy, .npz or .csv file.")
  var input: String?

  @Option(
    name: .customLong("range"),
    help: ArgumentHelp("The range of every input coordinate: what is tried lies in it.", valueName: "lo,hi"))
  var domain: NumberRange?

  @Option(
    parsing: .unconditional,
    help:
      "How many inputs a search for a difference may try where nothing is proved. (default: ten for each sample)"
  )
  var search: Int?

  @Option(
    parsing: .unconditional,
    help: "What decides the inputs and the proof's challenge: the same seed, the same report.")
  var seed: UInt64 = 0

  func validate() throws {
    if let samples, !(0...100_000).contains(samples) {
      throw ValidationError("--samples: expected a number from 0 to 100000, found \(samples)")
    }
    if let search, !(0...100_000_000).contains(search) {
      throw ValidationError("--search: expected a number from 0 to 100000000, found \(search)")
    }
  }

  /// A check of two models on these inputs, as many as memory holds.
  ///
  /// - Throws: `FileError` for a file of inputs that does not fit, `CommandFailure` for samples that memory cannot hold.
  func checker(_ solve: SolveOptions, _ first: NamedModel, _ second: NamedModel) throws -> EquivalenceChecker
  {
    var checker = solve.checker
    if let samples { checker.samples = samples }
    checker.inputs = try input.map {
      try Samples.readInputs(
        FileContents(reading: $0), inputSize: first.model.inputSize,
        signature: first.model.signature)
    }
    checker.domain = domain?.bounds
    checker.searchBudget = search
    checker.seed = seed
    checker.identities = ModelIdentities(first: first.identity, second: second.identity)
    try fitIntoMemory(
      &checker, toCheck: first.model, second.model,
      isAskedFor: samples.map { $0 > 0 } ?? false || checker.inputs != nil)
    return checker
  }
}
