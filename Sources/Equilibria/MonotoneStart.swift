import FixedPoints
import LinearAlgebra

/// A start for a group that is certified monotone, found by operator splitting.
struct MonotoneStart: Sendable {
  /// Finds a start for some of the samples; nil where the group is not certified.
  let find: @Sendable (_ rows: [Int]) -> Found?

  /// The result.
  struct Found {
    /// The iterated members side by side, a row for each of the requested samples.
    var start: Matrix<Double>
    /// The number of updates, each of which costs about as much as an evaluation.
    var updates: Int
    /// The reason, from what is known of the group.
    var reason: String
  }
}

extension EquilibriumModel {
  /// The start that operator splitting may find for a group; nil in precisions other than Double.
  func monotoneStart(
    for group: DependencyGroup, state: [Matrix<S>], input x: Matrix<S>, rows: [Int]
  ) -> MonotoneStart? {
    guard let model = self as? EquilibriumModel<Double>, let state = state as? [Matrix<Double>],
      let x = x as? Matrix<Double>
    else { return nil }
    return MonotoneStart { positions in
      guard let splitting = OperatorSplitting(of: group, in: model) else { return nil }
      let (values, updates) = splitting.members(in: state, input: x, rows: positions.map { rows[$0] })
      let members = Dictionary(uniqueKeysWithValues: zip(group.members, values))
      let rate = (splitting.rate * 1e4).rounded(.up) / 1e4
      return MonotoneStart.Found(
        start: Matrix(sideBySide: group.iterated.map { members[$0]! }, rows: positions.count),
        updates: updates, reason: "the group being monotone, a contraction by \(rate)")
    }
  }
}

/// A solver under another name, which continues from the result of a method that is not itself a solver.
struct Continued: FixedPointSolver {
  let base: any FixedPointSolver
  let name: String

  func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    var solution = base.solve(problem, from: start, until: rule)
    solution.solver = name
    return solution
  }
}
