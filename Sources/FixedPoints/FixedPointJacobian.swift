import LinearAlgebra

/// The Jacobian of a transition, where a problem can compute it explicitly.
public struct FixedPointJacobian<S: Scalar> {
  /// J at a row of a state, `[N, N]`, and its cost in evaluations of f, by the number of multiplications; at least one.
  ///
  /// It is cheapest at the state where f was evaluated last.
  public let matrix: (_ state: Matrix<S>, _ row: Int) -> (matrix: Matrix<S>, evaluations: Int)
  /// The cost of J and the factors of I − J for one sample, in evaluations of f.
  public let price: Double

  /// The Jacobian that `matrix` computes at this price.
  public init(
    price: Double, matrix: @escaping (_ state: Matrix<S>, _ row: Int) -> (matrix: Matrix<S>, evaluations: Int)
  ) {
    self.price = price
    self.matrix = matrix
  }
}

/// Quantities that follow from a state without being iterated on, such as the values of blocks between the iterated
/// ones.
public struct FollowingValues<S: Scalar> {
  /// The quantities side by side, a row for each sample.
  public let values: Matrix<S>
  /// The sizes of the parts whose quantities belong together, in order.
  public let parts: [Int]

  /// The values of these parts.
  public init(values: Matrix<S>, parts: [Int]) {
    self.values = values
    self.parts = parts
  }
}
