import Blocks
import LinearAlgebra
import Operators

/// A sum of numbers and products in floating point that knows whether anything was rounded.
struct ExactSum {
  /// The sum so far.
  private(set) var value = 0.0
  /// Whether it is the sum in exact arithmetic.
  private(set) var isExact = true

  /// Adds a number (Knuth's two-sum).
  mutating func add(_ number: Double) {
    let sum = value + number
    let part = sum - value
    let error = (value - (sum - part)) + (number - part)
    // Also false where a number is not finite.
    if !(error == 0) { isExact = false }
    value = sum
  }

  /// Adds a product.
  mutating func add(_ a: Double, times b: Double) {
    let product = a * b
    // Near the smallest numbers the error of a product may itself be rounded away.
    let isSafe = a == 0 || b == 0 || abs(product) > 0x1p-960
    if !isSafe || (-product).addingProduct(a, b) != 0 { isExact = false }
    add(product)
  }
}

extension LinearMap<Double> {
  /// The map's matrix where its entries are the very numbers that it multiplies by; nil where one is rounded, as 1/3 is.
  var exactMatrix: Matrix<Double>? {
    switch Self.typeName {
    case "mean", "avg_pool":
      for row in 0..<outputSize {
        var isExact = true
        forEachEntry(inRow: row) { if $1.significand != 1 { isExact = false } }
        if !isExact { return nil }
      }
    case "scale":
      guard let scale = self as? Scale<Double> else { return nil }
      for (factor, number) in zip(scale.factors, scale.weight.elements) {
        var product = ExactSum()
        product.add(factor, times: number)
        if !product.isExact { return nil }
      }
    default: break
    }
    return matrix
  }
}

extension Offset<Double> {
  /// The port's summand where no number of it is rounded, else nil.
  var exactVector: [Double]? {
    guard let map else { return tensor.elements }
    return map.exactMatrix.flatMap { product($0, tensor.elements) }
  }
}

/// The matrix times the vector, or nil where a number is rounded.
package func product(_ matrix: Matrix<Double>, _ vector: [Double]) -> [Double]? {
  var result: [Double] = []
  for row in 0..<matrix.rows {
    var sum = ExactSum()
    for (entry, number) in zip(matrix.row(row), vector) where entry != 0 { sum.add(entry, times: number) }
    guard sum.isExact else { return nil }
    result.append(sum.value)
  }
  return result
}

/// The product of two matrices, or nil where a number is rounded.
package func product(_ left: Matrix<Double>, _ right: Matrix<Double>) -> Matrix<Double>? {
  var result = Matrix<Double>(rows: left.rows, columns: right.columns)
  for row in 0..<left.rows {
    for column in 0..<right.columns {
      var sum = ExactSum()
      for (index, entry) in left.row(row).enumerated() where entry != 0 {
        sum.add(entry, times: right[index, column])
      }
      guard sum.isExact else { return nil }
      result[row, column] = sum.value
    }
  }
  return result
}

/// The sum of two vectors, or nil where a number is rounded.
package func sum(_ left: [Double], _ right: [Double]) -> [Double]? {
  let sums = zip(left, right).map { first, second in
    var sum = ExactSum()
    sum.add(first)
    sum.add(second)
    return sum
  }
  return sums.allSatisfy(\.isExact) ? sums.map(\.value) : nil
}
