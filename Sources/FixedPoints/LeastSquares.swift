import LinearAlgebra

/// The coefficients γ that minimise ‖target − Σ γ_i · columns_i‖₂, by QR with modified Gram–Schmidt.
///
/// A column that is zero, or within √ulp of a combination of those before it, gets the coefficient 0, so
/// the more trusted columns come first. Columns are scaled to length 1, so their size does not matter.
///
/// - Complexity: O(N·m²) for m columns of N numbers.
func leastSquaresCoefficients<S: Scalar>(of target: [S], in columns: [[S]]) -> [S] {
  let dependent = S.ulpOfOne.squareRoot()
  var basis: [[S]] = []
  var used: [(column: Int, scale: S, triangle: [S])] = []
  for (index, column) in columns.enumerated() {
    let scale = length(column)
    guard scale > 0, scale.isFinite else { continue }
    var rest = divided(column, by: scale)
    var triangle = orthogonalize(&rest, against: basis, by: dotInRuns)
    let height = length(rest)
    guard height > dependent else { continue }
    triangle.append(height)
    basis.append(divided(rest, by: height))
    used.append((index, scale, triangle))
  }
  var rest = target
  var projection = orthogonalize(&rest, against: basis, by: dotInRuns)
  var coefficients = [S](repeating: 0, count: columns.count)
  for position in used.indices.reversed() {
    let (column, scale, triangle) = used[position]
    let coefficient = projection[position] / triangle[position]
    for row in 0..<position { projection[row] -= coefficient * triangle[row] }
    coefficients[column] = coefficient / scale
  }
  return coefficients
}

/// Subtracts from `vector` its components along the orthonormal `basis`, and returns them.
///
/// Goes over the basis twice, which keeps the result orthogonal to rounding (Giraud et al. 2005).
func orthogonalize<S: Scalar>(
  _ vector: inout [S], against basis: [[S]], by product: ([S], [S]) -> S = dot
) -> [S] {
  var components = [S](repeating: 0, count: basis.count)
  for _ in 0..<2 {
    for (index, direction) in basis.enumerated() {
      let component = product(direction, vector)
      accumulate(direction, scaledBy: -component, into: &vector)
      components[index] += component
    }
  }
  return components
}

/// a · b, in an order of summation that suits vectors.
private func dotInRuns<S: Scalar>(_ a: [S], _ b: [S]) -> S {
  a.withUnsafeBufferPointer { a in b.withUnsafeBufferPointer { b in S.dot(a, b) } }
}

/// ‖a‖₂; scaled only where a square overflows or may have lost digits to underflow.
private func length<S: Scalar>(_ a: [S]) -> S {
  let square = dotInRuns(a, a)
  let isSafe = square.isFinite && square > S.leastNormalMagnitude / (S.ulpOfOne * S.ulpOfOne)
  return isSafe ? square.squareRoot() : euclideanNorm(a)
}
