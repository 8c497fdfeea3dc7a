import Blocks
import FixedPoints
import LinearAlgebra
import Operators

// At a jump of f a residual may be small although no equilibrium exists, as for z = sign(1 − z) just below 1: f is 1
// there, and −1 just above.

extension GroupTransition {
  /// The displacement of a coordinate that rounding may cause, relative to its magnitude.
  private static var displacement: S { 64 * S.ulpOfOne }
  /// How many times as far as rounding explains f may move before it counts as jumping.
  private static var steepest: S { 1024 }

  /// Refuses the converged samples at which f jumps within rounding of the state, and returns the cost in evaluations.
  /// A state that f reproduces exactly is an equilibrium even there.
  func refuseJumps(in outcomes: inout [SampleOutcome], at state: Matrix<S>) -> Int {
    guard blocks.contains(where: { !$0.nonlinearity.isContinuous }) else { return 0 }
    let rows = outcomes.indices.filter { outcomes[$0].reason == .converged && outcomes[$0].residual > 0 }
    guard !rows.isEmpty else { return 0 }
    let part = rows.count == outcomes.count ? self : selecting(rows)
    let (jumping, evaluations) = part.jumps(at: state.selectingRows(rows))
    for (row, isJumping) in zip(rows, jumping) where isJumping {
      (outcomes[row].reason, outcomes[row].isDifferentiable) = (.discontinuous, false)
    }
    return evaluations
  }

  /// Whether f jumps within rounding of a state, for each sample, and the cost in evaluations.
  private func jumps(at state: Matrix<S>) -> (all: [Bool], evaluations: Int) {
    let value = value(at: state)
    let (sizes, magnitudes) = (state.magnitude, magnitudes(at: state))
    var all = [Bool](repeating: false, count: batch)
    let patterns = 0...3
    for pattern in patterns {
      let moved = self.value(at: displaced(state, by: Self.displacement, times: sizes, pattern: pattern))
      for row in 0..<batch {
        let changes = zip(zip(moved.row(row), value.row(row)), magnitudes.row(row))
        all[row] =
          all[row]
          || changes.contains { abs($0.0 - $0.1) > Self.steepest * Self.displacement * $1 }
      }
    }
    return (all, patterns.count + 1)
  }
}
