import LinearAlgebra

/// The generalised minimal residual method for A·x = b, restarted, where A is given only by its products.
///
/// Saad & Schultz 1986, "GMRES: A Generalized Minimal Residual Algorithm for Solving Nonsymmetric Linear
/// Systems", section 3 with the Givens rotations of section 3.2. Among the vectors of the Krylov space of
/// b − A·x it takes the one with the smallest residual, over `restart` dimensions at a time.
public struct GMRES: Sendable {
  /// The dimension of the Krylov space after which the method starts again from its solution.
  public let restart: Int
  /// ‖b − A·x‖₂ / ‖b‖₂ at which to stop.
  public let relativeTolerance: Double
  /// The largest number of products with A, including those that check the true residual.
  public let maximumProducts: Int

  /// A method of the given parameters; `restart` at least 1, `maximumProducts` at least 2.
  public init(restart: Int = 40, relativeTolerance: Double, maximumProducts: Int = 1_000) {
    precondition(restart >= 1 && maximumProducts >= 2, "GMRES without a Krylov space")
    precondition(relativeTolerance >= 0, "a tolerance below 0")
    self.restart = restart
    self.relativeTolerance = relativeTolerance
    self.maximumProducts = maximumProducts
  }

  /// Solves A·x = b from x = 0, for `rightSide` b of n numbers.
  ///
  /// - Parameter multiply: x ↦ A·x, n numbers to n numbers.
  /// - Complexity: O(n·restart) besides each product, and memory for `restart` + 4 vectors.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func solve<S: Scalar>(rightSide: [S], _ multiply: ([S]) -> [S]) -> GMRESSolution<S> {
    var iteration = GMRESIteration(method: self, rightSide: rightSide, verified: true)
    while let direction = iteration.direction {
      iteration.receive(multiply(direction))
    }
    return iteration.outcome
  }
}

/// What GMRES returns.
public struct GMRESSolution<S: Scalar>: Sendable {
  /// x, the best found.
  public var solution: [S]
  /// ‖b − A·x‖₂ / ‖b‖₂, computed from x itself; 0 for b = 0.
  public var relativeResidual: Double
  /// The number of products with A.
  public var products: Int
  /// Whether the relative residual is within the tolerance.
  public var converged: Bool
  /// Whether the Krylov space closed without containing a solution, which proves A singular.
  public var isSingular: Bool
}
