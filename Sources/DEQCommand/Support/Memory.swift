import DeepEquilibrium

// A file may declare a size without containing as many numbers: an input that no weight reads, a block without terms.
// Sizes that follow from such a declaration are checked before allocation.

/// The bytes that a check takes for each coordinate of the samples of one pass: both models' ports, and what is computed
/// beside them.
private let bytesOfCheckedNumber = 32

/// The bytes that an evaluation with gradients takes for each coordinate.
private let bytesOfEvaluatedNumber = 32

/// The number of values of all samples together that a check takes where it may choose how many: a few seconds.
private let usualCheckedNumbers = 1 << 27

/// Prepares a check for its models' size: takes fewer samples of large models where it may choose, and none of a model
/// of which this machine cannot hold one, and notes it.
///
/// - Throws: `CommandFailure` if samples are asked for of which this machine cannot hold one.
func fitIntoMemory(
  _ checker: inout EquivalenceChecker, toCheck first: JudgedModel, _ second: JudgedModel, isAskedFor: Bool
) throws {
  let numbers = max(1, first.numbersPerSample, second.numbersPerSample)
  guard numbers <= MemoryBudget.bytesOfValues / bytesOfCheckedNumber else {
    let needed =
      "a sample of \(text(numbers)) numbers, input, state and ports, takes about "
      + text(bytes: checkedProduct([numbers, bytesOfCheckedNumber], atMost: .max) ?? .max)
    let allowed = text(bytes: MemoryBudget.bytesOfValues)
    guard !isAskedFor else {
      throw CommandFailure(
        .badData,
        "\(needed), expected at most \(allowed); --memory-limit raises this, --samples 0 leaves samples out")
    }
    checker.samples = 0
    checker.notes.append("no samples: \(needed), and \(allowed) are allowed; --memory-limit raises this")
    return
  }
  guard !isAskedFor else { return }
  let affordable = max(1, usualCheckedNumbers / numbers)
  guard affordable < checker.samples else { return }
  checker.notes.append(
    "\(text(affordable, "sample")) instead of \(text(checker.samples)): each has "
      + "\(text(numbers)) numbers, input and state")
  checker.samples = affordable
}

/// Refuses an evaluation that would hardly fit into memory.
func requireMemory(toEvaluate network: Network<Double>, samples: Int) throws {
  try require(samples, of: JudgedModel.network(network).numbersPerSample)
}

/// Refuses an evaluation that would hardly fit into memory.
func requireMemory(toEvaluate model: EquilibriumModel<Double>, samples: Int) throws {
  try require(samples, of: JudgedModel.equilibrium(model).numbersPerSample)
}

private func require(_ samples: Int, of numbers: Int) throws {
  let most = MemoryBudget.bytesOfValues / bytesOfEvaluatedNumber
  guard checkedProduct([samples, numbers], atMost: most) == nil else { return }
  throw CommandFailure(
    .badData,
    "expected at most \(text(most)) numbers for all samples together, found "
      + "\(text(samples, "sample")) of \(text(numbers)), input, state and ports; --memory-limit raises this")
}
