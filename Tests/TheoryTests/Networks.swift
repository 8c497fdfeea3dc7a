import Blocks
import Equilibria
import LinearAlgebra
import Networks
import Operators

/// Networks that the theorems speak about, made by hand.
enum Make {
  /// A dense layer `σ(W z + b)` with normal weights that keep values near their size.
  static func dense(
    _ name: String, _ outputs: Int, _ inputs: Int, reading source: Source = .input,
    activation: any Nonlinearity = Tanh(), _ generator: inout SeededGenerator
  ) -> Layer<Double> {
    let scale = 1 / Double(inputs).squareRoot()
    let weight = Matrix(
      rows: outputs, columns: inputs, elements: (0..<outputs * inputs).map { _ in scale * generator.normal() }
    )
    return .explicit(
      Block(
        name: name, size: outputs, nonlinearity: activation,
        terms: [Term(source: source, map: DenseMap(weight), parameter: "\(name).weight")],
        offsets: [
          Offset(vector: (0..<outputs).map { _ in 0.3 * generator.normal() }, parameter: "\(name).bias")
        ]))
  }

  /// An L-layer network of these widths, the input's first.
  static func chain(
    widths: [Int], activation: (Int) -> any Nonlinearity = { _ in Tanh() }, _ generator: inout SeededGenerator
  ) -> Network<Double> {
    let layers = widths.indices.dropLast().map { index in
      dense(
        "fc\(index)", widths[index + 1], widths[index], reading: index == 0 ? .input : .node(index - 1),
        activation: activation(index), &generator)
    }
    return try! Network(inputShape: [widths[0]], layers: layers, output: layers.count - 1)
  }

  /// A model of one block, `z = σ(W z + U x + b)`, with ‖W‖_F = `norm`.
  static func cyclic(
    size: Int, inputs: Int, norm: Double, activation: any Nonlinearity = Tanh(),
    _ generator: inout SeededGenerator
  ) -> EquilibriumModel<Double> {
    var W = Matrix(rows: size, columns: size, elements: (0..<size * size).map { _ in generator.normal() })
    let length = W.elements.reduce(0) { $0 + $1 * $1 }.squareRoot()
    for index in W.elements.indices { W.elements[index] *= norm / length }
    let U = Matrix(rows: size, columns: inputs, elements: (0..<size * inputs).map { _ in generator.normal() })
    return try! EquilibriumModel(
      inputShape: [inputs],
      blocks: [
        Block(
          name: "z", size: size, nonlinearity: activation,
          terms: [
            Term(source: .input, map: DenseMap(U), parameter: "U"),
            Term(source: .node(0), map: DenseMap(W), parameter: "W"),
          ], offsets: [Offset(vector: (0..<size).map { _ in generator.normal() }, parameter: "b")])
      ], output: 0)
  }

  static func normal(_ rows: Int, _ columns: Int, scale: Double = 1, _ generator: inout SeededGenerator)
    -> Matrix<Double>
  {
    Matrix(
      rows: rows, columns: columns, elements: (0..<rows * columns).map { _ in scale * generator.normal() })
  }

  /// A state of these sizes, of any magnitude.
  static func state(
    of model: EquilibriumModel<Double>, batch: Int, scale: Double, _ generator: inout SeededGenerator
  ) -> [Matrix<Double>] {
    model.blocks.map { normal(batch, $0.size, scale: scale, &generator) }
  }
}

/// A·B by three loops.
func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
  a.map { row in
    (0..<(b.first?.count ?? 0)).map { column in
      var sum = 0.0
      for k in b.indices { sum += row[k] * b[k][column] }
      return sum
    }
  }
}

/// det(A) by elimination with partial pivoting.
func determinant(_ matrix: [[Double]]) -> Double {
  var a = matrix
  var determinant = 1.0
  for k in a.indices {
    let pivot = (k..<a.count).max { abs(a[$0][k]) < abs(a[$1][k]) }!
    if a[pivot][k] == 0 { return 0 }
    if pivot != k {
      a.swapAt(pivot, k)
      determinant = -determinant
    }
    determinant *= a[k][k]
    for row in k + 1..<a.count {
      let factor = a[row][k] / a[k][k]
      for column in k..<a.count { a[row][column] -= factor * a[k][column] }
    }
  }
  return determinant
}
