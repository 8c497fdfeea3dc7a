import LinearAlgebra

/// A comparison of two ports, elementwise: 1 where it holds, else 0. It is piecewise constant, so its derivative is 0.
/// A NaN compares as in IEEE 754.
public protocol Comparison: ElementwisePair {
  /// Whether the comparison holds.
  func holds<S: Scalar>(_ p: S, _ q: S) -> Bool
}

extension Comparison {
  public var isContinuous: Bool { false }
  public func jumpDistance(_ ports: [Double]) -> Double { abs(ports[0] - ports[1]) }

  public func value<S: Scalar>(_ p: S, _ q: S) -> S { holds(p, q) ? 1 : 0 }

  public func derivatives<S: Scalar>(_ p: S, _ q: S) -> (S, S) { (0, 0) }
}

/// `p > q`, as in `torch.greater`.
public struct Greater: Comparison {
  public static let typeName = "greater"
  public static let schema = OperatorSchema("1 where p > q, else 0; no gradient")

  /// The comparison.
  public init() {}

  public func holds<S: Scalar>(_ p: S, _ q: S) -> Bool { p > q }
}

/// `p ≥ q`, as in `torch.greater_equal`.
public struct GreaterOrEqual: Comparison {
  public static let typeName = "greater_equal"
  public static let schema = OperatorSchema("1 where p ≥ q, else 0; no gradient")

  /// The comparison.
  public init() {}

  public func holds<S: Scalar>(_ p: S, _ q: S) -> Bool { p >= q }
}

/// `p = q`, as in `torch.eq`.
public struct Equal: Comparison {
  public static let typeName = "equal"
  public static let schema = OperatorSchema("1 where p = q, else 0; no gradient")

  /// The comparison.
  public init() {}

  public func holds<S: Scalar>(_ p: S, _ q: S) -> Bool { p == q }
}
