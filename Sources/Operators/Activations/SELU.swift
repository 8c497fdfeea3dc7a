import LinearAlgebra

/// The self-normalising unit of Klambauer et al. (2017): `σ(p) = s·p` for p > 0, else `s·α·(e^p − 1)`;
/// σ'(0) = s·α.
public struct SELU: PlainActivation {
  public static let typeName = "selu"

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...(Self.scale * Self.alpha) }

  public func value<S: Scalar>(_ p: S) -> S {
    p > 0 ? S(Self.scale) * p : S(Self.scale * Self.alpha) * S.expMinusOne(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    p > 0 ? S(Self.scale) : S(Self.scale * Self.alpha) * S.exp(p)
  }

  static let alpha = 1.6732632423543772848170429916717
  static let scale = 1.0507009873554804934193349852946
}
