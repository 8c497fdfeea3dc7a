import LinearAlgebra

/// `σ(p) = p·tanh(log(1 + e^p))` (Misra 2019).
public struct Mish: PlainActivation {
  public static let typeName = "mish"

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { -0.1134...1.0885 }

  public func value<S: Scalar>(_ p: S) -> S {
    p * Self.gate(p).open
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    Self.derivative(p)
  }

  /// `tanh(log(1 + e^p))` and one minus it, both to full relative precision.
  private static func gate<S: Scalar>(_ p: S) -> (open: S, shut: S) {
    // tanh(log u) = (u² − 1) / (u² + 1); with e = e^−|p| neither end overflows or cancels.
    let e = S.exp(-abs(p))
    if p >= 0 {
      let denominator = 1 + 2 * e + 2 * e * e
      return ((1 + 2 * e) / denominator, 2 * e * e / denominator)
    }
    let denominator = 2 + 2 * e + e * e
    return (e * (2 + e) / denominator, 2 / denominator)
  }

  private static func derivative<S: Scalar>(_ p: S) -> S {
    let gate = gate(p)
    return gate.open + p * logistic(p) * gate.shut * (1 + gate.open)
  }
}
