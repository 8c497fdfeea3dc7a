import LinearAlgebra

/// The hyperbolic sine.
public struct HyperbolicSine: ElementaryFunction, ScalarActivation {
  public static let typeName = "sinh"
  public static let schema = OperatorSchema("sinh p")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { 1 ... .infinity }

  public func value<S: Scalar>(_ p: S) -> S {
    S.sinh(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    S.cosh(p)
  }
}

/// The hyperbolic cosine.
public struct HyperbolicCosine: ElementaryFunction, ScalarActivation {
  public static let typeName = "cosh"
  public static let schema = OperatorSchema("cosh p")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { -.infinity ... .infinity }

  public func value<S: Scalar>(_ p: S) -> S {
    S.cosh(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    S.sinh(p)
  }
}

/// The inverse of the hyperbolic sine.
public struct InverseHyperbolicSine: ElementaryFunction, ScalarActivation {
  public static let typeName = "asinh"
  public static let schema = OperatorSchema("arsinh p")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...1 }

  public func value<S: Scalar>(_ p: S) -> S {
    S.asinh(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    1 / S.hypot(1, p)
  }
}

/// The inverse of the hyperbolic cosine, for p ≥ 1; σ'(1) = ∞.
public struct InverseHyperbolicCosine: ElementaryFunction, ScalarActivation {
  public static let typeName = "acosh"
  public static let schema = OperatorSchema("arcosh p")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0 ... .infinity }

  public func value<S: Scalar>(_ p: S) -> S {
    S.acosh(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    1 / (S.sqrt(p - 1) * S.sqrt(p + 1))
  }
}

/// The inverse of the hyperbolic tangent, for p from −1 to 1; infinite at both ends.
public struct InverseHyperbolicTangent: ElementaryFunction, ScalarActivation {
  public static let typeName = "atanh"
  public static let schema = OperatorSchema("artanh p")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { 1 ... .infinity }

  public func value<S: Scalar>(_ p: S) -> S {
    S.atanh(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    1 / ((1 - p) * (1 + p))
  }
}
