import LinearAlgebra

/// `σ(p) = p`.
public struct Identity: PlainActivation, ScalarActivation {
  public static let typeName = "identity"

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 1...1 }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> { ports[0] }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    [cotangent]
  }

  public func value<S: Scalar>(_ p: S) -> S { p }

  public func derivative<S: Scalar>(_ p: S) -> S { 1 }
}
