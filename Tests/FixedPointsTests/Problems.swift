import FixedPoints
import LinearAlgebra

/// A small seeded generator (SplitMix64), so that every run of the tests computes the same numbers.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Numbers drawn evenly from −1 to 1.
  mutating func matrix<S: Scalar>(_ rows: Int, _ columns: Int, scale: Double = 1, as: S.Type) -> Matrix<S> {
    let elements = (0..<rows * columns).map { _ in S(scale * Double.random(in: -1...1, using: &self)) }
    return Matrix(rows: rows, columns: columns, elements: elements)
  }
}

/// Every solver with its default parameters, and Newton's method again by its Krylov branch.
let allSolvers: [any FixedPointSolver] = [
  Picard(), Anderson(), Broyden(), Newton(), Newton(denseLimit: 0),
]

/// z ↦ σ(W·z + b) for every row z, with an own b in every row.
func transition<S: Scalar>(
  _ weight: Matrix<S>, _ bias: Matrix<S>, _ activation: @escaping (S) -> S
) -> (Matrix<S>) -> Matrix<S> {
  { states in
    var result = bias
    result.add(states, timesTransposed: weight)
    result.elements = result.elements.map(activation)
    return result
  }
}

/// z ↦ φ(z) for every component.
func componentwise<S: Scalar>(_ function: @escaping (S) -> S) -> (Matrix<S>) -> Matrix<S> {
  { Matrix(rows: $0.rows, columns: $0.columns, elements: $0.elements.map(function)) }
}

/// The weight matrix of a network of `depth` layers of `width` units: strictly block lower triangular.
func networkWeight<S: Scalar>(
  depth: Int, width: Int, gain: Double, using generator: inout SeededGenerator, as: S.Type
) -> Matrix<S> {
  var weight = Matrix<S>(rows: depth * width, columns: depth * width)
  for block in 1..<max(depth, 1) {
    let layer = generator.matrix(width, width, scale: gain, as: S.self)
    for row in 0..<width {
      for column in 0..<width {
        weight[block * width + row, (block - 1) * width + column] = layer[row, column]
      }
    }
  }
  return weight
}

/// The network's layers one after the other, with plain loops: what its equilibrium must be.
func forwardPass(
  _ weight: Matrix<Double>, _ bias: Matrix<Double>, width: Int, _ activation: (Double) -> Double
) -> Matrix<Double> {
  var states = Matrix<Double>(rows: bias.rows, columns: bias.columns)
  for sample in 0..<bias.rows {
    for unit in 0..<bias.columns {
      let layerStart = unit / width * width
      var sum = bias[sample, unit]
      for source in 0..<layerStart { sum += weight[unit, source] * states[sample, source] }
      states[sample, unit] = activation(sum)
    }
  }
  return states
}

/// A square matrix of the given spectral norm, by power iteration on WᵀW with plain loops.
func weight(
  order: Int, spectralNorm: Double, using generator: inout SeededGenerator
) -> Matrix<Double> {
  var weight = generator.matrix(order, order, as: Double.self)
  var vector = [Double](repeating: 1, count: order)
  var norm = 0.0
  for _ in 0..<200 {
    let image = (0..<order).map { row in (0..<order).reduce(0) { $0 + weight[row, $1] * vector[$1] } }
    vector = (0..<order).map { column in (0..<order).reduce(0) { $0 + weight[$1, column] * image[$1] } }
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    vector = vector.map { $0 / length }
    norm = length.squareRoot()
  }
  weight.elements = weight.elements.map { $0 * spectralNorm / norm }
  return weight
}

/// The fixed point of z ↦ tanh(W·z + b) by plain loops, until nothing changes by more than 1e-15.
func plainEquilibrium(_ weight: Matrix<Double>, _ bias: Matrix<Double>) -> Matrix<Double> {
  var states = Matrix<Double>(rows: bias.rows, columns: bias.columns)
  for sample in 0..<bias.rows {
    var change = Double.infinity
    while change > 1e-15 {
      change = 0
      var next = [Double](repeating: 0, count: bias.columns)
      for row in 0..<bias.columns {
        var sum = bias[sample, row]
        for column in 0..<bias.columns { sum += weight[row, column] * states[sample, column] }
        next[row] = Double.tanh(sum)
        change = max(change, abs(next[row] - states[sample, row]))
      }
      for column in 0..<bias.columns { states[sample, column] = next[column] }
    }
  }
  return states
}

/// ‖a − b‖∞ over all entries.
func distance<S: Scalar>(_ a: Matrix<S>, _ b: Matrix<S>) -> Double {
  Double(zip(a.elements, b.elements).map { abs($0 - $1) }.max() ?? 0)
}

/// A transition on `[batch, 1]` that treats each row by its own function.
func rowwise(_ functions: [(Double) -> Double]) -> (Matrix<Double>) -> Matrix<Double> {
  { Matrix(rows: $0.rows, columns: 1, elements: zip(functions, $0.elements).map { $0($1) }) }
}

/// A column of starts, one per sample.
func column<S: Scalar>(_ values: [S]) -> Matrix<S> {
  Matrix(rows: values.count, columns: 1, elements: values)
}
