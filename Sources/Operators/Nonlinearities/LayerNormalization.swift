import LinearAlgebra

/// Normalisation over the last axes, whose extents are `normalized_shape`, as in `torch.nn.LayerNorm`. The optional
/// second port is the weight, the third the bias; in files they have the normalised shape.
public struct LayerNormalization: Normalization {
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
    try checkNormalizedShape(normalizedShape.values)
    self.normalizedShape = normalizedShape.values
    self.eps = try checkedEpsilon(eps)
  }

  public init(attributes: Attributes) throws(InvalidConstants) {
    try self.init(
      normalizedShape: IntegerList(attributes.integers("normalized_shape")), eps: attributes.number("eps"))
  }

  public var attributes: Attributes { ["normalized_shape": .integers(normalizedShape), "eps": .number(eps)] }

  public func run(_ shape: [Int]) -> Int? { runOfLastAxes(normalizedShape, shape) }
}

/// Checks the attribute `normalized_shape`.
func checkNormalizedShape(_ shape: [Int]) throws(InvalidConstants) {
  guard !shape.isEmpty else {
    throw InvalidConstants("normalized_shape: expected at least one extent, found none")
  }
  try checkedSize("normalized_shape", shape)
}

/// The number of coordinates of the last axes of `shape`, if they have these extents.
func runOfLastAxes(_ extents: [Int], _ shape: [Int]) -> Int? {
  shape.count >= extents.count && Array(shape.suffix(extents.count)) == extents ? extents.reduce(1, *) : nil
}

/// The layout of a parameter of the normalised shape.
@Sendable
func lastAxes(_ shape: [Int], _ attributes: Attributes) -> [ParameterPort.Layout] {
  let extents = attributes.integers("normalized_shape")
  return [ParameterPort.Layout(shape: extents, dims: Array(shape.indices.suffix(extents.count)))]
}
