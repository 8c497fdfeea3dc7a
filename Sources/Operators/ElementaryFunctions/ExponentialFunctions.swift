import LinearAlgebra

/// `e^p`.
public struct Exponential: ElementaryFunction, VectorActivation {
  public static let typeName = "exp"
  public static let schema = OperatorSchema("eᵖ")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0 ... .infinity }
  public var function: VectorFunction { .exp }
}

/// The natural logarithm of p ≥ 0; −∞ at 0.
public struct NaturalLogarithm: ElementaryFunction, VectorActivation {
  public static let typeName = "log"
  public static let schema = OperatorSchema("log p")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { -.infinity ... .infinity }
  public var function: VectorFunction { .log }
}

/// The error function `2/√π ∫₀ᵖ e^−t² dt`.
public struct ErrorFunction: ElementaryFunction, VectorActivation {
  public static let typeName = "erf"
  public static let schema = OperatorSchema("erf p")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...1.1283791670955128 }
  public var function: VectorFunction { .erf }
}
