import Blocks
import LinearAlgebra

/// Compares quantities with their expected values, each relative to its own scale.
struct FixtureComparison {
  let tolerance: Double
  private(set) var worst = 0.0
  private(set) var fault: String?

  init(tolerance: Double) {
    self.tolerance = tolerance
  }

  mutating func compare(
    _ name: String, _ expected: Matrix<Double>, network: Matrix<Double>, model: Matrix<Double>
  ) {
    compare(name, Tensor(expected), Tensor(network), of: "network")
    compare(name, Tensor(expected), Tensor(model), of: "equilibrium model")
  }

  mutating func compare(_ expected: Gradients<Double>, network: Gradients<Double>, model: Gradients<Double>) {
    compare("gradient of input", expected.input, network: network.input, model: model.input)
    let missing = network.parameters.names.filter { expected.parameters[$0] == nil }
    if let name = missing.first { note("expected.json: no gradient of \(name)") }
    for name in expected.parameters.names {
      let tensor = expected.parameters[name]!
      compare("gradient of \(name)", tensor, network.parameters[name], of: "network")
      compare("gradient of \(name)", tensor, model.parameters[name], of: "equilibrium model")
    }
  }

  private mutating func compare(
    _ name: String, _ expected: Tensor<Double>, _ found: Tensor<Double>?, of side: String
  ) {
    guard let found, found.shape == expected.shape else {
      return note(
        "\(name): expected shape \(expected.shape), found \(found.map { "\($0.shape)" } ?? "none") in the \(side)"
      )
    }
    let scale = largestMagnitude(expected.elements[...])
    for (index, (a, b)) in zip(expected.elements, found.elements).enumerated() where a != b {
      let difference = abs(a - b) / max(scale, .leastNormalMagnitude)
      worst = max(worst, difference.isNaN ? .infinity : difference)
      if !(difference <= tolerance) { note("\(name)[\(index)]: expected \(a), found \(b) in the \(side)") }
    }
  }

  private mutating func note(_ text: String) {
    if fault == nil { fault = text }
  }
}
