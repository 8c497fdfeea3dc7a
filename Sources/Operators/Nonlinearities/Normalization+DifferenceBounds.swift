import LinearAlgebra

/// Normalisations enlarge differences by at most 1/√eps, times the weight: a run's Jacobian is (P − z zᵀ/n)/σ with
/// σ ≥ √eps, where z is the normalised run, P subtracts the mean or is the identity, and the eigenvalues of P − z zᵀ/n
/// lie in [0, 1] since ‖z‖₂² ≤ n.
///
/// The bound is attained where all coordinates of a run are equal, and is large for the usual eps: 316 for 1e-5. A
/// weight that is not constant has no bound.
extension Normalization {
  /// An upper bound of 1/√eps; infinite for 0.
  private var steepness: Double { (1 / eps.squareRoot().nextDown).nextUp }

  public func differenceBounds(
    _ differences: [[Double]], magnitudes: [[Double]?], shapes: [[Int]]
  ) -> [Double]? {
    guard eps > 0, let length = run(shapes[0]) else { return nil }
    var bounds = differences[0]
    for start in stride(from: 0, to: bounds.count, by: length) {
      let run = start..<start + length
      // A row's absolute sum is at most √n times its Euclidean norm, which the matrix norm bounds.
      let bound = (largestBound(differences[0][run]) * Double(length).squareRoot().nextUp).nextUp
      for index in run { bounds[index] = (bound * steepness).nextUp }
    }
    if differences.count > 1 {
      guard let weight = magnitudes[1] else { return nil }
      for index in bounds.indices { bounds[index] = (bounds[index] * weight[index]).nextUp }
    }
    if differences.count > 2 {
      for index in bounds.indices { bounds[index] = (bounds[index] + differences[2][index]).nextUp }
    }
    return bounds
  }

  public func euclideanBounds(magnitudes: [[Double]?], shapes: [[Int]]) -> [Double]? {
    guard eps > 0 else { return nil }
    var bound = steepness
    if shapes.count > 1 {
      guard let weight = magnitudes[1] else { return nil }
      bound = (bound * largestBound(weight[...])).nextUp
    }
    // (a + b)² ≤ 2 a² + 2 b² where the third port varies too.
    guard shapes.count > 2 else { return shapes.count > 1 ? [bound, 0] : [bound] }
    guard magnitudes[2] == nil else { return [bound, 0, 0] }
    let root = 2.0.squareRoot().nextUp
    return [(root * bound).nextUp, 0, root]
  }
}

private func largestBound(_ numbers: ArraySlice<Double>) -> Double { numbers.reduce(0) { max($0, $1) } }

extension LayerNormalization: DifferenceBounded {}
extension RootMeanSquareNormalization: DifferenceBounded {}
extension GroupNormalization: DifferenceBounded {}
extension InstanceNormalization: DifferenceBounded {}
