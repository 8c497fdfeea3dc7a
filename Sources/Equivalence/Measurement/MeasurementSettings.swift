import Equilibria
import FixedPoints
import LinearAlgebra

/// The settings of a measurement.
struct MeasurementSettings: Sendable {
  /// How many random inputs are drawn.
  var samples: Int
  /// Additional inputs to compare, `[count, input]`.
  var inputs: Matrix<Double>?
  /// The range of every input coordinate; unbounded if nil.
  var domain: ClosedRange<Double>?
  /// The seed of the inputs, cotangents and random starts.
  var seed: UInt64
  /// How equilibria and adjoints are found, and when they are accepted.
  var solving: SolveSettings
  /// The generic solver, which iterates on the whole state.
  var solver: any FixedPointSolver
  /// The cost limit of the generic path, in multiplications.
  var workBudget: Double
  /// How many samples are evaluated together; by default `SamplePasses` decides.
  var samplesAtOnce: Int?
  /// Whether the outputs are also compared at other values of the parameters: if both are known to be one
  /// function of the input, but not of the parameters.
  var triesOtherParameters: Bool
  /// Whether to search for equilibria besides those that the solvers find.
  var looksForOtherEquilibria: Bool
}
