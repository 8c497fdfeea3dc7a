import LinearAlgebra

/// The self-normalising unit of Klambauer et al. (2017): `σ(p) = s·p` for p > 0, else `s·α·(e^p − 1)`;
/// σ'(0) = s·α.
public struct SELU: PlainActivation, VectorActivation {
  public static let typeName = "selu"
  public static let schema = OperatorSchema("1.0507…·elu with alpha 1.6732…; slope 1.7580… at 0")

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...(Self.scale * Self.alpha) }
  public var function: VectorFunction { .selu(negative: Self.scale * Self.alpha, positive: Self.scale) }

  static let alpha = 1.6732632423543772848170429916717
  static let scale = 1.0507009873554804934193349852946
}
