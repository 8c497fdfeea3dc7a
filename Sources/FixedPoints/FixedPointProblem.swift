import LinearAlgebra

/// What a solver sees of a model: a transition f on a batch, and, where they are known, the magnitudes of the numbers
/// that each coordinate of f adds up, its Jacobian, and what else follows from a state.
public struct FixedPointProblem<S: Scalar> {
  /// f, from `[batch, N]` to `[batch, N]`, each row by itself.
  public let value: (_ state: Matrix<S>) -> Matrix<S>
  /// For each coordinate of f at a state, `[batch, N]`, what rounding of f is relative to; nil where nothing is known.
  ///
  /// For z = φ(W z + c) it is |φ'|·(|W|·|z| + |c|) + |f(z)|: a unit roundoff of it is the running error bound of an
  /// evaluation (Higham 2002, "Accuracy and Stability of Numerical Algorithms", sections 3.1 and 3.3), up to the number
  /// of summands, which statistics make small.
  public let magnitudes: ((_ state: Matrix<S>) -> Matrix<S>)?
  /// The problem of some of the rows alone, by position; nil where all must be evaluated together.
  public let selecting: ((_ rows: [Int]) -> FixedPointProblem<S>)?
  /// J = ∂f/∂z where it can be written out; nil where it is known by differences only.
  public var jacobian: FixedPointJacobian<S>?
  /// How many coordinates belong together, in order: what a relative tolerance is relative to is the largest of each such
  /// part. All of them if empty.
  public var parts: [Int] = []
  /// A state at which f is known already, with its value; an iteration that begins there does not evaluate it again.
  public var known: (state: Matrix<S>, value: Matrix<S>)?
  /// Whether a solution is to be a value of f, as the state of a model is: an iteration then ends with one more application
  /// of f.
  public var handsOnValue = true
  /// What follows from the states that f was evaluated at last; nil where the state is all there is.
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
