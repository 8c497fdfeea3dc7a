import LinearAlgebra

/// The sine.
public struct Sine: ElementaryFunction, ScalarActivation {
  public static let typeName = "sin"
  public static let schema = OperatorSchema("sin p")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { -1...1 }

  public func value<S: Scalar>(_ p: S) -> S {
    S.sin(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    S.cos(p)
  }
}

/// The cosine.
public struct Cosine: ElementaryFunction, ScalarActivation {
  public static let typeName = "cos"
  public static let schema = OperatorSchema("cos p")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { -1...1 }

  public func value<S: Scalar>(_ p: S) -> S {
    S.cos(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    -S.sin(p)
  }
}

/// The tangent.
public struct Tangent: ElementaryFunction, ScalarActivation {
  public static let typeName = "tan"
  public static let schema = OperatorSchema("tan p")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { -.infinity ... .infinity }

  public func value<S: Scalar>(_ p: S) -> S {
    S.tan(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    1 + S.tan(p) * S.tan(p)
  }
}

/// The inverse of the sine, for p from −1 to 1; its slope is infinite at both ends.
public struct ArcSine: ElementaryFunction, ScalarActivation {
  public static let typeName = "asin"
  public static let schema = OperatorSchema("arcsin p")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { 1 ... .infinity }

  public func value<S: Scalar>(_ p: S) -> S {
    S.asin(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    1 / S.sqrt((1 - p) * (1 + p))
  }
}

/// The inverse of the cosine, for p from −1 to 1; its slope is −∞ at both ends.
public struct ArcCosine: ElementaryFunction, ScalarActivation {
  public static let typeName = "acos"
  public static let schema = OperatorSchema("arccos p")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { -.infinity ... -1 }

  public func value<S: Scalar>(_ p: S) -> S {
    S.acos(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    -1 / S.sqrt((1 - p) * (1 + p))
  }
}

/// The inverse of the tangent, from −π/2 to π/2.
public struct ArcTangent: ElementaryFunction, ScalarActivation {
  public static let typeName = "atan"
  public static let schema = OperatorSchema("arctan p")

  /// The function.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...1 }

  public func value<S: Scalar>(_ p: S) -> S {
    S.atan(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    1 / (1 + p * p)
  }
}
