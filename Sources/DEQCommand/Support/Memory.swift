import DeepEquilibrium

// A file may declare a size without containing as many numbers: an input that no weight reads, a block without terms.
// Sizes that follow from such a declaration are checked before allocation.

/// The largest number of values that a check may hold for all samples together; it keeps about a dozen copies, 100 MB
/// each for every 13 million.
private let mostCheckedNumbers = 1 << 26

/// The number of values that a check takes for all samples together where it may choose how many; a single sample with
/// more is refused.
private let usualCheckedNumbers = 1 << 25

/// The largest number of values that an evaluation may hold for all samples together.
private let mostEvaluatedNumbers = 1 << 27

/// Refuses a check whose samples would hardly fit into memory.
func requireMemory(
  toCheck first: JudgedModel, _ second: JudgedModel, samples: Int, remedy: String
) throws {
  let numbers = max(first.numbersPerSample, second.numbersPerSample)
  try require(samples, of: numbers, atMost: mostCheckedNumbers, remedy: "; \(remedy)")
}

/// Takes fewer samples for a check whose samples would take much memory, and notes it; refuses one of which a single
/// sample would hardly fit.
func fitIntoMemory(
  _ checker: inout EquivalenceChecker, toCheck first: JudgedModel, _ second: JudgedModel, remedy: String
) throws {
  let numbers = max(first.numbersPerSample, second.numbersPerSample)
  guard numbers <= usualCheckedNumbers else {
    return try require(checker.samples, of: numbers, atMost: mostCheckedNumbers, remedy: "; \(remedy)")
  }
  let affordable = max(1, usualCheckedNumbers / max(1, numbers) - (checker.inputs?.rows ?? 0))
  guard affordable < checker.samples else { return }
  checker.notes.append(
    "\(text(affordable, "sample")) instead of \(text(checker.samples)), for the memory: each has "
      + "\(text(numbers)) numbers, input and state")
  checker.samples = affordable
}

/// Refuses an evaluation that would hardly fit into memory.
func requireMemory(toEvaluate network: Network<Double>, samples: Int) throws {
  try require(samples, of: network.numbersPerSample, atMost: mostEvaluatedNumbers)
}

/// Refuses an evaluation that would hardly fit into memory.
func requireMemory(toEvaluate model: EquilibriumModel<Double>, samples: Int) throws {
  try require(samples, of: model.numbersPerSample, atMost: mostEvaluatedNumbers)
}

private func require(_ samples: Int, of numbers: Int, atMost most: Int, remedy: String = "") throws {
  guard checkedProduct([samples, numbers], atMost: most) == nil else { return }
  throw CommandFailure(
    .badData,
    "expected at most \(text(most)) numbers for all samples together, found "
      + "\(text(samples, "sample")) of \(text(numbers)), input, state and ports\(remedy)")
}

extension JudgedModel {
  fileprivate var numbersPerSample: Int {
    switch self {
    case .network(let network): network.numbersPerSample
    case .equilibrium(let model): model.numbersPerSample
    }
  }
}

extension EquilibriumModel {
  fileprivate var numbersPerSample: Int { blocks.reduce(inputSize) { $0 + $1.claimedCoordinates } }
}

extension Network {
  fileprivate var numbersPerSample: Int {
    layers.reduce(inputSize) { sum, layer in
      switch layer {
      case .explicit(let block): sum + block.claimedCoordinates
      case .implicit(let layer): layer.model.blocks.reduce(sum) { $0 + $1.claimedCoordinates }
      }
    }
  }
}
