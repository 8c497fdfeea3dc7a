import Equilibria
import FixedPoints
import LinearAlgebra

/// What numbers say of two models: both on the same samples, with every difference measured against rounding.
public struct Measurement: Sendable {
  /// What became of the samples.
  public var samples = SampleCounts()
  /// For each quantity and path the worst difference; on the structured path first.
  public var discrepancies: [Discrepancy] = []
  /// What the solvers of equilibrium models did.
  public var solves: [PathRecord] = []
  /// The part of `∂ℓ/∂W_z` off the pattern of `W_z`, of the second model, or of the first where only that is an
  /// equilibrium model; nil where there is none, or no sample.
  public var offPattern: OffPatternGradient?
  /// Whether a side with several equilibria was found to have another one than that it was compared at.
  public var hasSeveralEquilibria = false
  /// The outputs for other values of the parameters that both models have, the same ones on both sides, where they differ;
  /// nil where they do not, or where that was not tried.
  public var atOtherParameters: Discrepancy?
  /// The samples' inputs, `[drawn, input]`.
  public var inputs = Matrix<Double>(rows: 0, columns: 0)
  /// What was left out and why, and other facts; each one line.
  public var notes: [String] = []

  /// The worst differences on the structured path.
  var structured: [Discrepancy] { discrepancies.filter { $0.path == .structured } }
}

/// What became of the samples of a check.
public struct SampleCounts: Sendable, Equatable {
  /// How many were drawn.
  public var drawn = 0
  /// How many were compared: both sides have a finite output.
  public var compared = 0
  /// How many were compared by their gradients too: both sides have finite ones.
  public var comparedByGradients = 0
  /// How many have no finite output on either side.
  public var withoutValue = 0
  /// How many have a finite output on one side only.
  public var oneSided = 0
  /// How many have an equilibrium on each side that is one of the other too, but not the same.
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
