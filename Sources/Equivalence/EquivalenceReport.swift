import Equilibria

/// Everything that a check found.
public struct EquivalenceReport: Sendable {
  /// The verdict.
  public var verdict: Verdict
  /// Whether the two are the same equations; the first difference where they are not.
  public var proof: ProofOutcome
  /// The worst difference of each quantity on each path.
  public var discrepancies: [Discrepancy]
  /// An input on which the two differ, for `refuted` by numbers.
  public var counterexample: Counterexample?
  /// How many samples there were, and what became of them.
  public var samples: SampleCounts
  /// What the solvers did.
  public var solves: [PathRecord]
  /// The part of `∂ℓ/∂W_z` off the pattern of `W_z`; nil where no sample could be compared.
  public var offPattern: OffPatternGradient?
  /// What was left out for its cost, and other facts that are no faults; each one line.
  public var notes: [String]
}

/// What became of the samples of a check.
public struct SampleCounts: Sendable, Equatable {
  /// How many were drawn.
  public var drawn = 0
  /// How many were compared.
  public var compared = 0
  /// How many had values that are not finite on both sides.
  public var notFinite = 0
  /// How many had no equilibrium on one side at least.
  public var unconverged = 0
}

/// The solver statistics of one path through the equilibrium model.
public struct PathRecord: Sendable {
  /// The path: `structured(anderson)`, `picard`.
  public let path: String
  /// The forward iterations.
  public let forward: [SolveRecord]
  /// The adjoint iterations.
  public let adjoint: [SolveRecord]
}

/// The gradient at the structurally zero entries of `W_z`: a fact, not a fault (theory, section 4).
public struct OffPatternGradient: Sendable, Equatable {
  /// The Frobenius norm of `∂ℓ/∂W_z` on the pattern.
  public let on: Double
  /// The Frobenius norm of `∂ℓ/∂W_z` off the pattern.
  public let off: Double
}

/// The largest difference in one quantity on one path, measured against what rounding can explain.
public struct Discrepancy: Sendable {
  /// `output`, `gradient of input`, `gradient of fc1.weight`.
  public let quantity: String
  /// The path through the equilibrium model: `structured(anderson)`, `picard`.
  public let path: String
  /// The largest absolute difference.
  public let absolute: Double
  /// That difference divided by the quantity's largest magnitude.
  public let relative: Double
  /// That difference in units in the last place of the quantity's largest magnitude.
  public let ulps: Double
  /// The difference that rounding can explain.
  public let allowed: Double
  /// The sample, for a quantity that has a row for each.
  public let sample: Int?
  /// The place of the largest difference in the quantity's row or tensor, flattened.
  public let index: Int
  /// The network's value there.
  public let network: Double
  /// The equilibrium model's value there.
  public let equilibrium: Double

  /// Whether rounding can explain the difference.
  public var isRounding: Bool { absolute <= allowed }
}

/// An input on which network and equilibrium model differ by more than rounding.
public struct Counterexample: Sendable {
  /// The input, flattened.
  public let input: [Double]
  /// What differs most.
  public let discrepancy: Discrepancy
  /// The first block whose value differs, and the product in it that contributes most; one line, nil where the
  /// blocks could not be paired.
  public let contributor: String?
}
