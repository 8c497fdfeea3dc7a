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
  /// as each step at least halves the residual; and records the judgement of the samples that it has moved.
  func correct(_ solution: inout FixedPointSolution<S>, _ judgement: inout Judgement<S>) {
    func isWorthwhile(_ row: Int) -> Bool {
      guard let found = judgement.determinations[row] else { return false }
      return found.condition >= Self.worthwhile && found.residual > 2 * Double(S.ulpOfOne)
    }
    var rows = judgement.determinations.indices.filter(isWorthwhile)
    var moved: Set<Int> = []
    var (evaluations, rounds) = (0, 0)
    while !rows.isEmpty, rounds < Self.corrections {
      let part = selecting(rows)
      let state = solution.state.selectingRows(rows)
      let rest = part.value(at: state) - state
      var next = state
      for (position, row) in rows.enumerated() {
        let step = judgement.determinations[row]!.factors.solve(rest.row(position))
        next.replaceRow(position, with: zip(state.row(position), step).map { $0 + $1 })
      }
      let (found, cost) = part.determinations(at: next, knowing: LastEvaluation())
      (evaluations, rounds) = (evaluations + 1 + cost, rounds + 1)
      rows = rows.enumerated().compactMap { position, row in
        guard let found = found[position],
          found.residual <= judgement.determinations[row]!.residual / 2
        else { return nil }
        solution.state.replaceRow(row, with: next.row(position))
        judgement.determinations[row] = found
        moved.insert(row)
        return isWorthwhile(row) ? row : nil
      }
    }
    solution.evaluations += evaluations
    guard !moved.isEmpty else { return }
    adopt(judgement, rows: moved.sorted(), in: &solution)
    var stage = SolveStage(solution, reason: "since I − J is ill-conditioned", rows: moved.sorted())
    (stage.solver, stage.iterations) = ("correction", rounds)
    (stage.evaluations, stage.trace) = (evaluations + 1, ResidualTrace())
    solution.stages.append(stage)
  }

  /// Records in the outcomes what the judgement of moved samples says, and their residuals, at the cost of an
  /// evaluation.
  private func adopt(_ judgement: Judgement<S>, rows: [Int], in solution: inout FixedPointSolution<S>) {
    let state = solution.state.selectingRows(rows)
    let rest = selecting(rows).value(at: state) - state
    solution.evaluations += 1
    for (position, row) in rows.enumerated() {
      solution.samples[row].reason = .converged
      solution.samples[row].residual = Double(largestMagnitude(rest.row(position)))
      solution.samples[row].take(judgement.determinations[row])
    }
  }
}
