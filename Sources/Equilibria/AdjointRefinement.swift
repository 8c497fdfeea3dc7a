import FixedPoints
import LinearAlgebra
import Operators

extension GroupDerivative {
  /// The order up to which adjoints are refined with the factors of I − Jᵀ: their cost is then about that of the solve.
  private static var refinedOrder: Int { 32 }

  /// Refines the solution of `g = Jᵀ g + e` once, by the factors of I − Jᵀ (Higham 2002, "Accuracy and Stability of
  /// Numerical Algorithms", chapter 12): this reduces the error that an iteration leaves within its tolerance to
  /// rounding of J, and solves the samples that it has not settled where I − Jᵀ is regular.
  ///
  /// Larger systems are not refined, since factors would cost more than the iteration did.
  func refine(_ solution: inout FixedPointSolution<S>, adding e: Matrix<S>) {
    guard e.columns <= Self.refinedOrder, e.columns > 0, e.rows > 0 else { return }
    solution.noteSingleStage()
    var g = solution.state
    for row in 0..<g.rows where !allFinite(Array(g.row(row))) { g.replaceRow(row, with: e.row(row)) }
    let rest = pullBack(g, adding: e) - g
    let weights = magnitudes(of: g, adding: e)
    var refined = g
    for row in 0..<g.rows where solution.samples[row].residual != 0 {
      let scales = balancingScales(of: weights.row(row))
      let transposed = matrix(ofSample: row, order: g.columns).transposed
      guard transposed.isFinite, let factors = balancedFactors(of: transposed, scales: scales) else {
        continue
      }
      let correction = factors.solve(zip(rest.row(row), scales).map { $0 / $1 })
      refined.replaceRow(row, with: zip(g.row(row), zip(correction, scales)).map { $0 + $1.0 * $1.1 })
    }
    take(refined, before: g, rest, in: &solution, adding: e)
  }

  /// Adopts each sample's refined adjoint where its residual is smaller.
  private func take(
    _ refined: Matrix<S>, before g: Matrix<S>, _ rest: Matrix<S>, in solution: inout FixedPointSolution<S>,
    adding e: Matrix<S>
  ) {
    let newRest = pullBack(refined, adding: e) - refined
    let weights = magnitudes(of: refined, adding: e)
    solution.evaluations += 2
    defer { solution.noteRefinement() }
    for row in 0..<g.rows where refined.row(row) != g.row(row) {
      let share = largestShare(newRest.row(row), of: weights.row(row))
      let isSettled = solution.samples[row].reason == .converged
      guard share <= 64 * S.ulpOfOne,
        !isSettled || share <= largestShare(rest.row(row), of: weights.row(row))
      else { continue }
      solution.state.replaceRow(row, with: refined.row(row))
      solution.samples[row].reason = .converged
      solution.samples[row].residual = Double(largestMagnitude(newRest.row(row)))
    }
  }
}

extension FixedPointSolution {
  /// Adds the refinement, which costs two products, to the stages.
  fileprivate mutating func noteRefinement() {
    var stage = SolveStage(self, reason: "since I − J is small enough to be factorised")
    (stage.solver, stage.iterations, stage.evaluations, stage.trace) = ("refinement", 0, 2, ResidualTrace())
    stages.append(stage)
  }
}

/// The largest magnitude of a coordinate divided by its weight; NaN counts as infinite.
private func largestShare<S: Scalar>(_ rest: ArraySlice<S>, of weights: ArraySlice<S>) -> S {
  zip(rest, weights).reduce(0) { largest, pair in
    guard pair.0 != 0 else { return largest }
    let share = abs(pair.0) / pair.1
    return share <= largest ? largest : (share.isNaN ? .infinity : share)
  }
}
