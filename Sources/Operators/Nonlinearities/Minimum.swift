import LinearAlgebra

/// The smaller of two numbers, as in `torch.minimum`; NaN if one of them is. Equal ones receive half the gradient each.
public struct Minimum: ElementwisePair {
  public static let typeName = "minimum"
  public static let schema = OperatorSchema("the smaller; where equal, half the gradient each")

  /// The function.
  public init() {}

  public var isPiecewiseLinear: Bool { true }

  public func value<S: Scalar>(_ p: S, _ q: S) -> S {
    p < q || p.isNaN ? p : q
  }

  public func derivatives<S: Scalar>(_ p: S, _ q: S) -> (S, S) {
    halves(p > q, p == q, p < q)
  }
}
