import LinearAlgebra
import RealModule

/// Batched gradient ascent on the difference, with normalised steps, from the best inputs and from random ones.
struct GradientAscent: SearchStrategy {
  let name = "gradient ascent on the difference"
  let weight = 3.0

  func search(_ state: inout SearchState) {
    var restart = 0
    while !state.isOver {
      let starts = starts(restart, &state)
      guard ascend(from: starts, &state) else { return }
      restart += 1
    }
  }

  private func starts(_ restart: Int, _ state: inout SearchState) -> [[Double]] {
    let count = min(12, max(2, state.allowance / 16))
    let offset = restart * count / 2
    return (0..<count).map { row in
      if row % 2 == 0, offset + row / 2 < state.best.count { return state.best[offset + row / 2].input }
      let magnitude = Double.exp10(-1 + 3 * state.generator.uniform())
      return (0..<state.size).map { _ in magnitude * state.generator.normal() }
    }
  }

  /// Climbs from each start with its own step length, which grows after a success and shrinks otherwise.
  ///
  /// - Returns: False if the allowance is too small for another step.
  private func ascend(from starts: [[Double]], _ state: inout SearchState) -> Bool {
    var current = state.domain.clamp(Matrix(starts))
    guard var point = state.ascentDirections(at: current) else { return false }
    var lengths = [Double](repeating: 0.3, count: starts.count)
    for _ in 0..<12 {
      var next = current
      for row in 0..<current.rows {
        next.replaceRow(
          row, with: step(from: current.row(row), along: point.gradients.row(row), lengths[row]))
      }
      next = state.domain.clamp(next)
      guard let reached = state.ascentDirections(at: next) else { return false }
      for row in 0..<current.rows {
        if reached.scores[row] > point.scores[row] {
          current.replaceRow(row, with: next.row(row))
          point.scores[row] = reached.scores[row]
          point.gradients.replaceRow(row, with: reached.gradients.row(row))
          lengths[row] *= 1.6
        } else {
          lengths[row] *= 0.3
        }
      }
    }
    return true
  }

  /// A step of `length` times the input's own norm, at least `length`.
  private func step(
    from x: ArraySlice<Double>, along gradient: ArraySlice<Double>, _ length: Double
  ) -> [Double] {
    let norm = euclideanNorm(gradient)
    guard norm > 0, norm.isFinite else { return Array(x) }
    let factor = length * max(1, euclideanNorm(x)) / norm
    return zip(x, gradient).map { $0 + factor * $1 }
  }
}

/// The Euclidean norm, without overflow.
func euclideanNorm(_ numbers: some Collection<Double>) -> Double {
  let scale = numbers.reduce(0) { max($0, abs($1)) }
  guard scale > 0, scale.isFinite else { return scale }
  return scale * numbers.reduce(0) { $0 + ($1 / scale) * ($1 / scale) }.squareRoot()
}
