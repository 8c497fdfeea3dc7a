import LinearAlgebra
import RealModule

/// Drives probes to both sides and to just beyond their zeros, alone and two or three together, by
/// Kaczmarz's projections: a step along a unit's gradient that would be exact for a linear unit.
struct ProbeDriving: SearchStrategy {
  let name = "driving the units that differ"
  let weight = 6.0

  /// Target values in units of the probe's gradient, that is, distances in the input space. Kinks are near
  /// zero; far values are on the live and dead sides.
  private static let distances: [Double] = [1, -1, 0.02, -0.02, 10, -10, 100, -100]

  func isApplicable(to target: SearchTarget, domain: ClosedRange<Double>?) -> Bool {
    target.inputSize > 0 && !target.probes.isEmpty
  }

  /// How many probes are driven in every way; each later probe gets one start.
  private static let thorough = 4
  /// How many rows a thorough drive of one probe takes for each start: four times probe and test, and three
  /// beyond.
  private static let rowsPerStart = 11

  func search(_ state: inout SearchState) {
    let probes = state.target.probes
    let starts = startsPerDrive(state)
    for index in probes.indices.prefix(Self.thorough) where state.allowance >= starts {
      drive([index], Self.distances.prefix(starts).map { [$0] }, steps: 4, &state)
    }
    for index in probes.indices.dropFirst(Self.thorough) where !state.isOver {
      drive([index], [[1]], steps: 2, &state)
    }
    while state.allowance >= starts, !state.hasFound {
      let count = min(probes.count, Bool.random(using: &state.generator) ? 2 : 3)
      let group = Array((0..<probes.count).shuffled(using: &state.generator).prefix(count))
      let wanted = (0..<starts).map { _ in
        group.map { _ in Self.distances.randomElement(using: &state.generator)! }
      }
      drive(group, wanted, steps: 3, &state)
    }
  }

  /// As many starts as leave a turn for each of the first few probes.
  private func startsPerDrive(_ state: SearchState) -> Int {
    let perProbe = state.allowance / min(Self.thorough, state.target.probes.count)
    return min(Self.distances.count, max(2, perProbe / Self.rowsPerStart))
  }

  /// Tests inputs at which each probe of `group` has about its target value, one start for each row of
  /// `wanted`, and points on the way there and beyond.
  private func drive(_ group: [Int], _ wanted: [[Double]], steps: Int, _ state: inout SearchState) {
    let starts = state.domain.clamp(Matrix(wanted.indices.map { _ in start(&state) }))
    var x = starts
    for _ in 0..<steps {
      for (position, index) in group.enumerated() {
        guard let point = state.linearization(of: state.target.probes[index], at: x) else { return }
        for row in 0..<x.rows {
          x.replaceRow(row, with: projection(of: x.row(row), point, row, onto: wanted[row][position], &state))
        }
      }
      x = state.domain.clamp(x)
      state.test(x.rowArrays)
      if state.isOver { return }
    }
    testLines(from: starts, to: x, &state)
  }

  /// The input at which a linear probe would have the target value; another start if the probe does not
  /// depend on the input.
  private func projection(
    of x: ArraySlice<Double>, _ point: (values: [Double], gradients: Matrix<Double>), _ row: Int,
    onto wanted: Double, _ state: inout SearchState
  ) -> [Double] {
    let gradient = point.gradients.row(row)
    let norm = euclideanNorm(gradient)
    guard norm.isFinite, point.values[row].isFinite else { return Array(x) }
    guard norm > 0 else { return start(&state) }
    let factor = (wanted - point.values[row] / norm) / norm
    return zip(x, gradient).map { $0 + factor * $1 }
  }

  private func testLines(from starts: Matrix<Double>, to ends: Matrix<Double>, _ state: inout SearchState) {
    for t in [0.5, 2, 8] {
      state.test(
        (0..<starts.rows).map { row in
          zip(starts.row(row), ends.row(row)).map { $0 + t * ($1 - $0) }
        })
    }
  }

  private func start(_ state: inout SearchState) -> [Double] {
    switch Int.random(in: 0..<4, using: &state.generator) {
    case 0: return [Double](repeating: 0, count: state.size)
    case 1 where !state.best.isEmpty: return state.best.randomElement(using: &state.generator)!.input
    case 2: return (0..<state.size).map { _ in state.generator.uniform() }
    default:
      let magnitude = Double.exp10(-1 + 2 * state.generator.uniform())
      return (0..<state.size).map { _ in magnitude * state.generator.normal() }
    }
  }
}
