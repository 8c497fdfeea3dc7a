import LinearAlgebra

/// What a solver sees of a model: a transition f on a batch, and, where they are known, the magnitudes of the numbers
/// that each coordinate of f adds up.
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
