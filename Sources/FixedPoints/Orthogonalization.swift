import LinearAlgebra

/// Subtracts from `vector` its components along the orthonormal `basis`, and returns them.
///
/// Orthogonalises twice, which keeps the result orthogonal to rounding (Giraud et al. 2005).
@specialized(where S == Double)
@specialized(where S == Float)
func orthogonalize<S: Scalar>(
  _ vector: inout [S], against basis: [[S]]
) -> [S] {
  var components = [S](repeating: 0, count: basis.count)
  for _ in 0..<2 {
    for (index, direction) in basis.enumerated() {
      let component = dotInRuns(direction[...], vector[...])
      accumulate(direction, scaledBy: -component, into: &vector)
      components[index] += component
    }
  }
  return components
}
