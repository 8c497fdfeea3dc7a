import FixedPoints
import LinearAlgebra

// A solver may stop 64 units of rounding away from a residual of 0. Where I − J is ill-conditioned, an equilibrium may
// then be wrong by far more than f's own rounding requires, as near a fold.

extension GroupTransition {
  /// The condition from which on a state is corrected.
  private static var worthwhile: Double { 0x1p10 }
  /// The most corrections of a state.
  private static var corrections: Int { 6 }

  /// Applies Newton's method, by the factors that judged the samples, to those whose I − J is ill-conditioned, as long
  /// as each step at least halves the residual; and judges them again.
  func correct(_ solution: inout FixedPointSolution<S>, _ judgement: inout Judgement<S>) {
    let before = solution
    var rows = judgement.determinations.indices.filter {
      guard let found = judgement.determinations[$0] else { return false }
      return found.condition >= Self.worthwhile && found.residual > 2 * Double(S.ulpOfOne)
    }
    let tried = rows
    guard !tried.isEmpty else { return }
    var (evaluations, rounds) = (0, 0)
    while !rows.isEmpty, rounds < Self.corrections {
      let part = selecting(rows)
      let state = solution.state.selectingRows(rows)
      let rest = part.value(at: state) - state
      var moved = state
      for (position, row) in rows.enumerated() {
        let step = judgement.determinations[row]!.factors.solve(rest.row(position))
        moved.replaceRow(position, with: zip(state.row(position), step).map { $0 + $1 })
      }
      let (found, cost) = part.determinations(at: moved, knowing: LastEvaluation())
      (evaluations, rounds) = (evaluations + 1 + cost, rounds + 1)
      let kept = rows.indices.filter { position in
        guard let found = found[position] else { return false }
        return found.residual <= judgement.determinations[rows[position]]!.residual / 2
      }
      for position in kept {
        solution.state.replaceRow(rows[position], with: moved.row(position))
        judgement.determinations[rows[position]] = found[position]
      }
      rows = kept.map { rows[$0] }.filter { judgement.determinations[$0]!.residual > 2 * Double(S.ulpOfOne) }
    }
    adopt(judgement, rows: tried, in: &solution)
    solution.evaluations += evaluations
    guard solution.state != before.state else { return }
    var stage = SolveStage(solution, reason: "since I − J is ill-conditioned", rows: tried)
    (stage.solver, stage.iterations, stage.evaluations, stage.trace) = (
      "correction", rounds, evaluations, ResidualTrace()
    )
    solution.stages.append(stage)
  }

  /// Records what the judgement of corrected samples says in their outcomes.
  private func adopt(_ judgement: Judgement<S>, rows: [Int], in solution: inout FixedPointSolution<S>) {
    let part = selecting(rows)
    let state = solution.state.selectingRows(rows)
    let rest = part.value(at: state) - state
    for (position, row) in rows.enumerated() {
      solution.samples[row].reason = .converged
      solution.samples[row].residual = Double(largestMagnitude(rest.row(position)))
      solution.samples[row].take(judgement.determinations[row])
    }
  }
}
