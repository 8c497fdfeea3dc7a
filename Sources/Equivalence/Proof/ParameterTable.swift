import LinearAlgebra
import Operators

/// The parameters of a system of equations, in its order.
struct ParameterTable {
  /// A parameter.
  struct Parameter {
    /// Its name.
    let name: String
    /// Its numbers.
    let tensor: Tensor<Double>
    /// Whether its numbers are the same in every occurrence.
    var isConsistent = true
    /// The equations that contain it.
    var equations: [Int] = []
  }

  /// The parameters.
  private(set) var parameters: [Parameter] = []
  private var positions: [String: Int] = [:]

  /// The parameters of a system.
  init(_ system: EquationSystem) {
    for (index, equation) in system.equations.enumerated() {
      for term in equation.terms {
        if let name = term.parameter, let tensor = term.map.parameter { add(name, tensor, index) }
      }
      for offset in equation.offsets {
        if let name = offset.parameter { add(name, offset.tensor, index) }
      }
    }
  }

  private mutating func add(_ name: String, _ tensor: Tensor<Double>, _ equation: Int) {
    if let position = positions[name] {
      if !parameters[position].tensor.isIdentical(to: tensor) { parameters[position].isConsistent = false }
      parameters[position].equations.append(equation)
    } else {
      positions[name] = parameters.count
      parameters.append(Parameter(name: name, tensor: tensor, equations: [equation]))
    }
  }

  /// The parameter of a name.
  subscript(name: String) -> Parameter? { positions[name].map { parameters[$0] } }
}

extension Tensor<Double> {
  /// How another tensor's equal numbers are arranged relative to this one; nil if the numbers differ.
  func layout(of other: Tensor<Double>) -> ParameterMatch.ElementOrder? {
    guard count == other.count else { return nil }
    let (ours, theirs) = (elements, other.elements)
    if haveSameBits(ours, theirs) { return shape == other.shape ? .same : .reshaped }
    guard shape.count == 2, other.shape == [shape[1], shape[0]] else { return nil }
    let order = transposedOrder(other.shape)
    return order.indices.allSatisfy { theirs[$0].bitPattern == ours[order[$0]].bitPattern }
      ? .transposed : nil
  }
}

/// For each element of a matrix of this shape its position in the transpose.
func transposedOrder(_ shape: [Int]) -> [Int] {
  (0..<shape[0] * shape[1]).map { index in
    let (row, column) = index.quotientAndRemainder(dividingBy: shape[1])
    return column * shape[0] + row
  }
}
