import LinearAlgebra

/// The Jacobian of a transition, as far as a problem can write it out.
public struct FixedPointJacobian<S: Scalar> {
  /// J at a row of a state, `[N, N]`, and what it took in evaluations of f: as many multiplications, or one at least.
  ///
  /// The state that f was evaluated at last costs least.
  public let matrix: (_ state: Matrix<S>, _ row: Int) -> (matrix: Matrix<S>, evaluations: Int)
  /// What J and the factors of I − J take for one sample, in evaluations of f.
  public let price: Double

  /// The Jacobian that `matrix` writes out at this price.
  public init(
    price: Double, matrix: @escaping (_ state: Matrix<S>, _ row: Int) -> (matrix: Matrix<S>, evaluations: Int)
  ) {
    self.price = price
    self.matrix = matrix
  }
}

/// Quantities that follow from a state without being iterated on, such as the blocks between those that are.
public struct FollowingValues<S: Scalar> {
  /// The quantities side by side, a row for each sample.
  public let values: Matrix<S>
  /// How many of them belong together, in order.
  public let parts: [Int]

  /// The values of these parts.
  public init(values: Matrix<S>, parts: [Int]) {
    self.values = values
    self.parts = parts
  }
}
