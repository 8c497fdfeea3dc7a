import LinearAlgebra

/// `σ(p) = p`.
public struct Identity: PlainActivation, ScalarActivation {
  public static let typeName = "identity"
  public static let schema = OperatorSchema("p itself")

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 1...1 }
  public var isPiecewiseLinear: Bool { true }

  @specialized(where S == Double)
  @specialized(where S == Float)
  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> { ports[0] }

  @specialized(where S == Double)
  @specialized(where S == Float)
  public func vjp<S: Scalar>(_ cotangent: consuming Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]])
    -> [Matrix<S>]
  {
    [cotangent]
  }

  public func value<S: Scalar>(_ p: S) -> S { p }

  public func derivative<S: Scalar>(_ p: S) -> S { 1 }
}
