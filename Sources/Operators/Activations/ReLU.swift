import LinearAlgebra

/// The rectifier `σ(p) = max(p, 0)`; σ'(0) = 0.
public struct ReLU: PlainActivation {
  public static let typeName = "relu"

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...1 }

  public func value<S: Scalar>(_ p: S) -> S {
    p > 0 || p.isNaN ? p : 0
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    p > 0 ? 1 : 0
  }
}
