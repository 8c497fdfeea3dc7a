import LinearAlgebra

/// The least-squares problem min ‖b − A·γ‖₂ by the products of A's columns, AᵀA·γ = Aᵀb.
///
/// Columns are added and replaced at numbered positions; each is scaled to length 1, so that its size does not matter.
/// A column that lies within 16·√ulp of the span of those before it gets no coefficient: the products cannot
/// distinguish it from a vector of that span (Higham 2002, "Accuracy and Stability of Numerical Algorithms", section
/// 20.4).
struct NormalEquations<S: Scalar>: Sendable {
  /// γ, and how much of b lies in the span.
  struct Solution {
    /// The coefficients of the columns used, by their positions.
    var coefficients: [(place: Int, coefficient: S)]
    /// ‖A·γ‖₂².
    var projection: S
  }

  private let capacity: Int
  /// AᵀA, `capacity` by `capacity`.
  private var products: [S]

  /// A problem without columns, with positions 0 to `capacity` − 1.
  init(capacity: Int) {
    self.capacity = capacity
    products = S.array(repeating: 0, count: capacity * capacity)
  }

  /// Stores a column at a position, given its products with the columns in use, itself included.
  mutating func setRow(_ place: Int, _ row: [(place: Int, product: S)]) {
    for (other, product) in row {
      products[place * capacity + other] = product
      products[other * capacity + place] = product
    }
  }

  /// γ, for the products of b with the columns to be used, the more reliable ones first.
  ///
  /// - Complexity: O(m³), by a Cholesky factorisation.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func solve(_ rightSide: [(place: Int, product: S)]) -> Solution {
    let dependent = 256 * S.ulpOfOne
    let smallest = S.leastNormalMagnitude / (S.ulpOfOne * S.ulpOfOne)
    var used: [(place: Int, length: S, start: Int)] = []
    // The rows of the triangle L with L·Lᵀ = AᵀA, concatenated, and y with L·y = Aᵀb.
    var triangle: [S] = []
    var y: [S] = []
    for (place, product) in rightSide {
      let square = products[place * capacity + place]
      guard square > smallest, square.isFinite else { continue }
      let (length, start) = (square.squareRoot(), triangle.count)
      var (height, rest) = (S(1), product / length)
      for (index, other) in used.enumerated() {
        var entry = products[place * capacity + other.place] / length / other.length
        for column in 0..<index { entry -= triangle[start + column] * triangle[other.start + column] }
        entry /= triangle[other.start + index]
        triangle.append(entry)
        height -= entry * entry
        rest -= entry * y[index]
      }
      guard height > dependent else {
        triangle.removeSubrange(start...)
        continue
      }
      triangle.append(height.squareRoot())
      y.append(rest / height.squareRoot())
      used.append((place, length, start))
    }
    var solution = Solution(coefficients: [], projection: y.reduce(0) { $0 + $1 * $1 })
    for index in used.indices.reversed() {
      let coefficient = y[index] / triangle[used[index].start + index]
      for row in 0..<index { y[row] -= coefficient * triangle[used[index].start + row] }
      solution.coefficients.append((used[index].place, coefficient / used[index].length))
    }
    return solution
  }
}
