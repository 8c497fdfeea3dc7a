import LinearAlgebra

/// The square root of p ≥ 0; σ'(0) = ∞.
public struct SquareRoot: ElementaryFunction, ScalarActivation {
  public static let typeName = "sqrt"
  public static let schema = OperatorSchema("√p")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0 ... .infinity }

  public func value<S: Scalar>(_ p: S) -> S {
    S.sqrt(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    1 / (2 * S.sqrt(p))
  }
}

/// `1/p`; infinite at 0.
public struct Reciprocal: ElementaryFunction, ScalarActivation {
  public static let typeName = "reciprocal"
  public static let schema = OperatorSchema("1/p")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { -.infinity ... .infinity }

  public func value<S: Scalar>(_ p: S) -> S {
    1 / p
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    -(1 / p) * (1 / p)
  }
}

/// `|p|`; σ'(0) = 0.
public struct AbsoluteValue: ElementaryFunction, ScalarActivation {
  public static let typeName = "abs"
  public static let schema = OperatorSchema("abs p; slope 0 at 0")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { -1...1 }
  public var isPiecewiseLinear: Bool { true }

  public func value<S: Scalar>(_ p: S) -> S {
    abs(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    p > 0 ? 1 : p < 0 ? -1 : 0
  }
}
