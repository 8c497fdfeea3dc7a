import LinearAlgebra

/// A solver that begins at normally distributed states of several magnitudes, one after another, until every sample is
/// settled.
///
/// Newton-like methods converge locally. A minimum of the residual may separate the usual start from the solution, but
/// not another start. The states are the same in every run.
public struct OtherStarts: FixedPointSolver {
  /// The solver that is run from each start.
  public let base: any FixedPointSolver
  /// The magnitudes of the starts, relative to 1.
  public static let magnitudes = [1.0, 10, 0.1]

  /// Newton's method from other starts, unless another is given.
  public init(_ base: any FixedPointSolver = Newton()) {
    self.base = base
  }

  /// `newton from another start`.
  public var name: String { "\(base.name) from another start" }

  public func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    var best: FixedPointSolution<S>?
    for (seed, magnitude) in Self.magnitudes.enumerated() {
      if let best, best.converged { break }
      // One row for all samples, so that a sample's start does not depend on the others.
      var generator = SeededGenerator(seed: 0x5EED + UInt64(seed))
      let row = (0..<start.columns).map { _ in S(magnitude * generator.normal()) }
      let elsewhere = Matrix(
        rows: start.rows, columns: start.columns, elements: (0..<start.rows).flatMap { _ in row })
      if best == nil {
        best = base.solve(problem, from: elsewhere, until: rule)
      } else {
        best!.improve(problem, by: base, from: elsewhere, until: rule)
      }
    }
    best!.solver = name
    return best!
  }
}
