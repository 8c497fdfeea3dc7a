import LinearAlgebra

/// −1, 0 or 1 as p is negative, zero or positive, and NaN for NaN, as in NumPy and ONNX; σ' is 0.
public struct Sign: ElementaryFunction, ScalarActivation {
  public static let typeName = "sign"
  public static let schema = OperatorSchema("−1, 0 or 1; slope 0")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0 ... .infinity }
  public var isContinuous: Bool { false }
  public func jumpDistance(_ ports: [Double]) -> Double { abs(ports[0]) }

  public func value<S: Scalar>(_ p: S) -> S {
    p > 0 ? 1 : p < 0 ? -1 : p.isNaN ? p : 0
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    0
  }
}

/// The greatest integer not above p; σ' is 0.
public struct Floor: ElementaryFunction, ScalarActivation {
  public static let typeName = "floor"
  public static let schema = OperatorSchema("the greatest integer up to p; slope 0")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0 ... .infinity }
  public var isContinuous: Bool { false }
  public func jumpDistance(_ ports: [Double]) -> Double { abs(ports[0] - ports[0].rounded()) }

  public func value<S: Scalar>(_ p: S) -> S {
    p.rounded(.down)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    0
  }
}

/// The least integer not below p; σ' is 0.
public struct Ceiling: ElementaryFunction, ScalarActivation {
  public static let typeName = "ceil"
  public static let schema = OperatorSchema("the least integer from p on; slope 0")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0 ... .infinity }
  public var isContinuous: Bool { false }
  public func jumpDistance(_ ports: [Double]) -> Double { abs(ports[0] - ports[0].rounded()) }

  public func value<S: Scalar>(_ p: S) -> S {
    p.rounded(.up)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    0
  }
}

/// The nearest integer, ties to even, as in `torch.round`; σ' is 0.
public struct Rounding: ElementaryFunction, ScalarActivation {
  public static let typeName = "round"
  public static let schema = OperatorSchema("the nearest integer, halves to even; slope 0")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0 ... .infinity }
  public var isContinuous: Bool { false }
  public func jumpDistance(_ ports: [Double]) -> Double { abs(ports[0] - 0.5 - (ports[0] - 0.5).rounded()) }

  public func value<S: Scalar>(_ p: S) -> S {
    p.rounded(.toNearestOrEven)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    0
  }
}
