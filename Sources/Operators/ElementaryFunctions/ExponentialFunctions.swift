import LinearAlgebra

/// `e^p`.
public struct Exponential: ElementaryFunction {
  public static let typeName = "exp"

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0 ... .infinity }

  public func value<S: Scalar>(_ p: S) -> S {
    S.exp(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    S.exp(p)
  }
}

/// The natural logarithm of p ≥ 0; −∞ at 0.
public struct NaturalLogarithm: ElementaryFunction {
  public static let typeName = "log"

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { -.infinity ... .infinity }

  public func value<S: Scalar>(_ p: S) -> S {
    S.log(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    1 / p
  }
}

/// The error function `2/√π ∫₀ᵖ e^−t² dt`.
public struct ErrorFunction: ElementaryFunction {
  public static let typeName = "erf"

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...1.1283791670955128 }

  public func value<S: Scalar>(_ p: S) -> S {
    S.erf(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    2 / S.sqrt(.pi) * S.exp(-p * p)
  }
}
