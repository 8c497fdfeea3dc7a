import LinearAlgebra

/// `p / √(mean(p²) + eps)` over the last axes, whose extents are `normalized_shape`, as in `torch.nn.RMSNorm`. The
/// optional second port is the weight; in files it has the normalised shape.
///
/// `eps` defaults to 1e-5. PyTorch's default is the machine epsilon of the element type, which is not a constant of the
/// function.
public struct RootMeanSquareNormalization: LastAxesNormalization {
  public static let typeName = "rms_norm"
  public static let schema = OperatorSchema(
    "p/√(mean of squares + eps) over the last axes, times weight",
    .normalizedShape, .eps)
  public static let parameterPorts = [ParameterPort("weight", layouts: lastAxes)]
  public static let isCentered = false

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
