import LinearAlgebra
import RealModule

/// Drives probes to both of their sides and to just beyond their zeros, one at a time and two or three together, by
/// Kaczmarz's projections: a step along a unit's gradient that would be exact if the unit were linear.
struct ProbeDriving: SearchStrategy {
  let name = "driving the units that differ"
  let weight = 6.0

  /// Wanted values, in units of the probe's gradient: distances in the input space. Near zero are kinks; far ones, live
  /// and dead sides.
  private static let distances: [Double] = [1, -1, 0.02, -0.02, 10, -10, 100, -100]

  func isApplicable(to target: SearchTarget, domain: ClosedRange<Double>?) -> Bool {
    target.inputSize > 0 && !target.probes.isEmpty
  }

  func search(_ state: inout SearchState) {
    let probes = state.target.probes
    let starts = startsPerDrive(state)
    for index in probes.indices where state.allowance >= starts {
      drive([index], Self.distances.prefix(starts).map { [$0] }, &state)
    }
    while state.allowance >= starts, !state.hasFound {
      let count = min(probes.count, Bool.random(using: &state.generator) ? 2 : 3)
      let group = Array((0..<probes.count).shuffled(using: &state.generator).prefix(count))
      let wanted = (0..<starts).map { _ in
        group.map { _ in Self.distances.randomElement(using: &state.generator)! }
      }
      drive(group, wanted, &state)
    }
  }

  /// As many starts as let the first few probes have their turn: a drive takes about eleven rows for each.
  private func startsPerDrive(_ state: SearchState) -> Int {
    min(Self.distances.count, max(2, state.allowance / (11 * min(4, state.target.probes.count))))
  }

  /// Tests inputs at which each of the probes of `group` has about the wanted value, one start for each row of `wanted`,
  /// and what lies on the way there and beyond.
  private func drive(_ group: [Int], _ wanted: [[Double]], _ state: inout SearchState) {
    let starts = state.domain.clamp(Matrix(wanted.indices.map { start($0, &state) }))
    var x = starts
    for _ in 0..<(group.count == 1 ? 4 : 3) {
      for (position, index) in group.enumerated() {
        let probe = state.target.probes[index]
        guard let point = state.linearization(of: probe, at: x) else { return }
        for row in 0..<x.rows {
          let gradient = point.gradients.row(row)
          let norm = euclideanNorm(gradient)
          guard norm.isFinite, point.values[row].isFinite else { continue }
          if norm == 0 {
            // Deaf here: somewhere else it may hear.
            x.replaceRow(row, with: start(row + 1, &state))
          } else {
            let factor = (wanted[row][position] - point.values[row] / norm) / norm
            x.replaceRow(row, with: zip(x.row(row), gradient).map { $0 + factor * $1 })
          }
        }
      }
      x = state.domain.clamp(x)
      state.test(x.rowArrays)
      if state.isOver { return }
    }
    testLines(from: starts, to: x, &state)
  }

  private func testLines(from starts: Matrix<Double>, to ends: Matrix<Double>, _ state: inout SearchState) {
    for t in [0.5, 2, 8] {
      state.test(
        (0..<starts.rows).map { row in
          zip(starts.row(row), ends.row(row)).map { $0 + t * ($1 - $0) }
        })
    }
  }

  private func start(_ row: Int, _ state: inout SearchState) -> [Double] {
    switch row % 4 {
    case 0: return [Double](repeating: 0, count: state.size)
    case 1 where !state.best.isEmpty: return state.best[row / 4 % state.best.count].input
    case 2: return (0..<state.size).map { _ in state.generator.uniform() }
    default:
      let magnitude = Double.exp10(-1 + 2 * state.generator.uniform())
      return (0..<state.size).map { _ in magnitude * state.generator.normal() }
    }
  }
}
