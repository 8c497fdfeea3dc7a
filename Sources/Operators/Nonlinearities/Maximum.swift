import LinearAlgebra

/// The larger of two numbers, as in `torch.maximum`; NaN if one of them is. Equal ones receive half the gradient each.
public struct Maximum: ElementwisePair {
  public static let typeName = "maximum"
  public static let schema = OperatorSchema("the larger; where equal, half the gradient each")

  /// The function.
  public init() {}

  public var isPiecewiseLinear: Bool { true }

  public func value<S: Scalar>(_ p: S, _ q: S) -> S {
    p > q || p.isNaN ? p : q
  }

  public func derivatives<S: Scalar>(_ p: S, _ q: S) -> (S, S) {
    halves(p < q, p == q, p > q)
  }
}

/// The derivatives of a choice between two numbers: 1 for the chosen one, 0 for the other, half for each if they are
/// equal. If none of this holds, one is NaN, and both are 1, as in PyTorch.
func halves<S: Scalar>(_ isFirstBeaten: Bool, _ areEqual: Bool, _ isSecondBeaten: Bool) -> (S, S) {
  if areEqual { return (0.5, 0.5) }
  return (isFirstBeaten ? 0 : 1, isSecondBeaten ? 0 : 1)
}
