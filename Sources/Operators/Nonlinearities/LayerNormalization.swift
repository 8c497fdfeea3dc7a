import LinearAlgebra

/// Normalisation over the last axes, whose extents are `normalized_shape`, as in `torch.nn.LayerNorm`. The optional
/// second port is the weight, the third the bias; in files they have the normalised shape.
public struct LayerNormalization: LastAxesNormalization {
  public static let typeName = "layer_norm"
  public static let schema = OperatorSchema(
    "(p − mean)/√(variance + eps) over the last axes, times weight plus bias",
    .normalizedShape, .eps)
  public static let parameterPorts = [
    ParameterPort("weight", layouts: lastAxes), ParameterPort("bias", layouts: lastAxes),
  ]

  /// The extents of the last axes, over which it normalises.
  public let normalizedShape: [Int]
  public let eps: Double

  /// The normalisation over last axes of these extents.
  ///
  /// - Throws: `InvalidConstants` where there are none, one is not positive, or `eps` is negative.
  public init(normalizedShape: IntegerList, eps: Double = 1e-5) throws(InvalidConstants) {
    self.normalizedShape = try checkedNormalizedShape(normalizedShape)
    self.eps = try checkedEpsilon(eps)
  }
}
