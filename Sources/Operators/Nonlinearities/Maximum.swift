import LinearAlgebra

/// The larger of two numbers, as in `torch.maximum`; NaN if one of them is. Of equal ones each takes half the gradient.
public struct Maximum: ElementwisePair {
  public static let typeName = "maximum"
  public static let schema = OperatorSchema("the larger; where equal, half the gradient each")

  /// The function.
  public init() {}

  public func value<S: Scalar>(_ p: S, _ q: S) -> S {
    p > q || p.isNaN ? p : q
  }

  public func derivatives<S: Scalar>(_ p: S, _ q: S) -> (S, S) {
    halves(p < q, p == q, p > q)
  }
}

/// The derivatives of a choice between two numbers: 0 of the loser, half of each if they are equal. If neither won, one is
/// NaN, and both are let through, as PyTorch does.
func halves<S: Scalar>(_ isFirstBeaten: Bool, _ areEqual: Bool, _ isSecondBeaten: Bool) -> (S, S) {
  if areEqual { return (0.5, 0.5) }
  return (isFirstBeaten ? 0 : 1, isSecondBeaten ? 0 : 1)
}
