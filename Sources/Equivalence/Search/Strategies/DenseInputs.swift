import LinearAlgebra
import RealModule

/// Calls `body` with sizes of batches of random inputs. Small ones come first, so that a difference that
/// shows everywhere costs little.
private func forEachBatch(of state: inout SearchState, _ body: (Int, inout SearchState) -> Void) {
  var count = 8
  while !state.isOver {
    body(min(count, state.allowance), &state)
    count = min(2 * count, 128)
  }
}

/// Stratified uniform inputs (Latin hypercube; McKay, Beckman & Conover 1979): in a batch of n rows every
/// coordinate falls once into each nth of the range, so a difference in a narrow interval of one coordinate
/// is found.
private func testUniform(_ range: ClosedRange<Double>, _ state: inout SearchState) {
  forEachBatch(of: &state) { count, state in
    var rows = [[Double]](repeating: [Double](repeating: 0, count: state.size), count: count)
    let width = (range.upperBound - range.lowerBound) / Double(count)
    for column in 0..<state.size {
      for (row, stratum) in (0..<count).shuffled(using: &state.generator).enumerated() {
        rows[row][column] = range.lowerBound + width * (Double(stratum) + state.generator.uniform())
      }
    }
    state.test(rows)
  }
}

/// Inputs uniform in a range.
struct UniformInputs: SearchStrategy {
  let range: ClosedRange<Double>
  var name: String { "uniform in [\(Int(range.lowerBound)), \(Int(range.upperBound))]" }
  let weight = 1.0

  /// Most of these inputs would be clamped to the border of a domain that does not contain the whole range.
  func isApplicable(to target: SearchTarget, domain: ClosedRange<Double>?) -> Bool {
    target.inputSize > 0
      && domain.map { $0.contains(range.lowerBound) && $0.contains(range.upperBound) } ?? true
  }

  func search(_ state: inout SearchState) { testUniform(range, &state) }
}

/// Inputs uniform in the domain, and its corners.
struct DomainInputs: SearchStrategy {
  let name = "uniform in the domain"
  let weight = 2.0

  func isApplicable(to target: SearchTarget, domain: ClosedRange<Double>?) -> Bool {
    target.inputSize > 0 && domain != nil
  }

  func search(_ state: inout SearchState) {
    guard let range = state.domain.range else { return }
    testUniform(range, &state)
  }
}

/// Normal inputs, each row with its own log-uniform magnitude: all coordinates have one scale.
struct ScaledInputs: SearchStrategy {
  let name = "normal, one magnitude from 1e-6 to 1e6 for each input"
  let weight = 1.0

  func search(_ state: inout SearchState) {
    state.test([[Double](repeating: 0, count: state.size)])
    forEachBatch(of: &state) { count, state in
      state.test(
        (0..<count).map { row in
          // The exponents are stratified: the rows of a batch divide the range evenly.
          let exponent = -6 + 12 * (Double(row) + state.generator.uniform()) / Double(count)
          let magnitude = Double.exp10(exponent)
          return (0..<state.size).map { _ in magnitude * state.generator.normal() }
        })
    }
  }
}

/// Inputs with a separate log-uniform magnitude for every coordinate.
struct SpreadInputs: SearchStrategy {
  let isPositive: Bool
  var name: String { "magnitudes from 1e-6 to 1e6, " + (isPositive ? "positive" : "random signs") }
  let weight = 1.0

  func search(_ state: inout SearchState) {
    forEachBatch(of: &state) { count, state in
      state.test(
        (0..<count).map { _ in
          (0..<state.size).map { _ in
            let magnitude = Double.exp10(-6 + 12 * state.generator.uniform())
            return isPositive || state.generator.uniform() < 0.5 ? magnitude : -magnitude
          }
        })
    }
  }
}
