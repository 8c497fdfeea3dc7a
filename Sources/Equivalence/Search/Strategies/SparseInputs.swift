import LinearAlgebra
import RealModule

/// One coordinate at a time, far out in both directions, all others at rest: finds units that become active
/// at some distance.
struct AxisRays: SearchStrategy {
  let name = "single axes, magnitudes from 1e-3 to 1e6"
  let weight = 1.5

  /// Far ones first, since an active unit stays active further out.
  private static let magnitudes: [Double] = [
    100, 1, 1e4, 10, 1e6, 0.1, 3, 30, 300, 0.3, 1e3, 1e5, 0.01, 2, 5, 20, 50, 200, 0.5, 1e-3,
  ]

  func search(_ state: inout SearchState) {
    for magnitude in Self.magnitudes where !state.isOver {
      let axes = (0..<state.size).shuffled(using: &state.generator)
      var rows: [[Double]] = []
      for axis in axes {
        for sign in [1.0, -1] {
          var row = [Double](repeating: 0, count: state.size)
          row[axis] = sign * magnitude
          rows.append(row)
        }
        if rows.count >= 64 || axis == axes.last {
          state.test(rows)
          rows = []
          if state.isOver { return }
        }
      }
    }
  }
}

/// A few coordinates away from rest, of one magnitude or of several, in random directions: conjunctions of
/// conditions.
struct SparseInputs: SearchStrategy {
  let name = "few coordinates, magnitudes from 1e-2 to 1e4"
  let weight = 1.5

  func isApplicable(to target: SearchTarget, domain: ClosedRange<Double>?) -> Bool { target.inputSize > 1 }

  func search(_ state: inout SearchState) {
    let counts = [2, 3, 2, 4, 3, 6, 8].map { min($0, state.size) }
    while !state.isOver {
      let rows = (0..<64).map { row -> [Double] in
        var input = [Double](repeating: 0, count: state.size)
        let shared = Double.exp10(-2 + 6 * state.generator.uniform())
        let isShared = row % 3 != 0
        let isPositive = row % 4 == 0
        for _ in 0..<counts[row % counts.count] {
          let axis = Int.random(in: 0..<state.size, using: &state.generator)
          let magnitude = isShared ? shared : Double.exp10(-2 + 6 * state.generator.uniform())
          input[axis] = isPositive || state.generator.uniform() < 0.5 ? magnitude : -magnitude
        }
        return input
      }
      state.test(rows)
    }
  }
}
