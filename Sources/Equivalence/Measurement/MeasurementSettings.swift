import Equilibria
import FixedPoints
import LinearAlgebra

/// What a measurement is made with.
struct MeasurementSettings: Sendable {
  /// How many random inputs are drawn.
  var samples: Int
  /// Inputs that are compared besides, `[count, input]`.
  var inputs: Matrix<Double>?
  /// The range of every input coordinate; unbounded if nil.
  var domain: ClosedRange<Double>?
  /// What decides the inputs, cotangents and random starts.
  var seed: UInt64
  /// How equilibria and adjoints are found, and when they are accepted.
  var solving: SolveSettings
  /// The generic solver, which iterates on the whole state.
  var solver: any FixedPointSolver
  /// How much the generic path may cost, in multiplications.
  var workBudget: Double
  /// Whether the outputs are compared for other values of the parameters too: where both are known to be one function of the
  /// input, but not of the parameters.
  var triesOtherParameters: Bool
  /// Whether other equilibria are looked for than those that the solvers find.
  var looksForOtherEquilibria: Bool
}
