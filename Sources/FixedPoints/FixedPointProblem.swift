import LinearAlgebra

/// What a solver sees of a model: a transition f on a batch, and, where they are known, the magnitudes of the numbers
/// that each coordinate of f adds up, its Jacobian, and what else follows from a state.
public struct FixedPointProblem<S: Scalar> {
  /// f, from `[batch, N]` to `[batch, N]`, row by row.
  public let value: (_ state: Matrix<S>) -> Matrix<S>
  /// For each coordinate of f at a state, `[batch, N]`, the magnitude that rounding of f is relative to; nil where it
  /// is unknown.
  ///
  /// For z = φ(W z + c) it is |φ'|·(|W|·|z| + |c|) + |f(z)|: a unit roundoff of it is the running error bound of an
  /// evaluation (Higham 2002, "Accuracy and Stability of Numerical Algorithms", sections 3.1 and 3.3), up to a factor
  /// for the number of summands, which is small in practice since roundings cancel.
  public let magnitudes: ((_ state: Matrix<S>) -> Matrix<S>)?
  /// The problem restricted to some of the rows, by position; nil where all must be evaluated together.
  public let selecting: ((_ rows: [Int]) -> FixedPointProblem<S>)?
  /// J = ∂f/∂z where it can be computed explicitly; nil where only differences are available.
  public var jacobian: FixedPointJacobian<S>?
  /// Whether f is known to be continuous and piecewise linear in z.
  public var isPiecewiseLinear = false
  /// The sizes of the parts of the state, in order: a relative tolerance is relative to the largest coordinate of each
  /// part. If empty, all coordinates are one part.
  public var parts: [Int] = []
  /// A state at which f is already known, with its value; an iteration that begins there does not reevaluate f.
  public var known: (state: Matrix<S>, value: Matrix<S>)?
  /// Whether a solution must be a value of f, as a model's state is; if so, an iteration ends with one more application
  /// of f.
  public var handsOnValue = true
  /// What follows from the states where f was evaluated last; nil where nothing does.
  public var following: (() -> FollowingValues<S>)?

  /// A problem of the given parts.
  public init(
    value: @escaping (_ state: Matrix<S>) -> Matrix<S>,
    magnitudes: ((_ state: Matrix<S>) -> Matrix<S>)? = nil,
    selecting: ((_ rows: [Int]) -> FixedPointProblem<S>)? = nil
  ) {
    self.value = value
    self.magnitudes = magnitudes
    self.selecting = selecting
  }
}
