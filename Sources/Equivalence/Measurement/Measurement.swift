import Equilibria
import FixedPoints
import LinearAlgebra

/// The result of evaluating both models on the same samples, with every difference measured against
/// rounding.
public struct Measurement: Sendable {
  /// How many samples had which outcome.
  public var samples = SampleCounts()
  /// The worst difference of each quantity and path; the structured path comes first.
  public var discrepancies: [Discrepancy] = []
  /// The solver statistics of equilibrium models.
  public var solves: [PathRecord] = []
  /// The part of `∂ℓ/∂W_z` off the pattern of `W_z`, of the second model, or of the first if only that is
  /// an equilibrium model; nil without an equilibrium model or sample.
  public var offPattern: OffPatternGradient?
  /// Whether a side was found to have an equilibrium besides the one that was compared.
  public var hasSeveralEquilibria = false
  /// The difference of the outputs at other values of the shared parameters, which are the same on both
  /// sides; nil if they agree there, or were not compared there.
  public var atOtherParameters: Discrepancy?
  /// The samples' inputs, `[drawn, input]`.
  public var inputs = Matrix<Double>(rows: 0, columns: 0)
  /// What was skipped and why, and other facts; each one line.
  public var notes: [String] = []

  /// The worst differences on the structured path.
  var structured: [Discrepancy] { discrepancies.filter { $0.path == .structured } }
}

/// How many samples of a check had which outcome.
public struct SampleCounts: Sendable, Equatable {
  /// How many were drawn.
  public var drawn = 0
  /// How many were compared: both sides have a finite output.
  public var compared = 0
  /// How many were compared by their gradients too: both sides have finite ones.
  public var comparedByGradients = 0
  /// How many have no finite output on both sides.
  public var withoutValue = 0
  /// How many have a finite output on one side only.
  public var oneSided = 0
  /// How many have different equilibria on both sides, each of which is also one of the other side.
  public var atOtherEquilibria = 0
}

/// The solver statistics of one path through an equilibrium model.
public struct PathRecord: Sendable {
  /// The path.
  public let path: EvaluationPath
  /// The forward iterations.
  public let forward: [SolveRecord]
  /// The adjoint iterations.
  public let adjoint: [SolveRecord]
}

/// The gradient at the structurally zero entries of `W_z`: a fact, not a fault (Theory, "Implicit differentiation").
public struct OffPatternGradient: Sendable, Equatable {
  /// The Frobenius norm of `∂ℓ/∂W_z` on the pattern.
  public let on: Double
  /// The Frobenius norm of `∂ℓ/∂W_z` off the pattern.
  public let off: Double
}
