import LinearAlgebra

/// The rectifier cut off at 6, `σ(p) = min(max(p, 0), 6)`; σ' is 0 at 0 and at 6.
public struct ReLU6: PlainActivation {
  public static let typeName = "relu6"

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...1 }

  public func value<S: Scalar>(_ p: S) -> S {
    p.isNaN ? p : min(max(p, 0), 6)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    p > 0 && p < 6 ? 1 : 0
  }
}
