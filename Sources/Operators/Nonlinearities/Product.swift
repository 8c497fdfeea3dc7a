import LinearAlgebra

/// `z = p ⊙ q`: gates, and attention weights.
public struct Product: ElementwisePair {
  public static let typeName = "product"
  public static let schema = OperatorSchema("p ⊙ q")

  /// The function.
  public init() {}

  public func value<S: Scalar>(_ p: S, _ q: S) -> S {
    p * q
  }

  public func derivatives<S: Scalar>(_ p: S, _ q: S) -> (S, S) {
    (q, p)
  }
}
