import LinearAlgebra

/// `z = p / q`, elementwise.
public struct Quotient: ElementwisePair {
  public static let typeName = "quotient"
  public static let schema = OperatorSchema("p / q")

  /// The function.
  public init() {}

  public func value<S: Scalar>(_ p: S, _ q: S) -> S {
    p / q
  }

  public func derivatives<S: Scalar>(_ p: S, _ q: S) -> (S, S) {
    (1 / q, -(p / q) / q)
  }
}
