import LinearAlgebra

/// Normalisation over the last axes, whose extents are `normalized_shape`, as in `torch.nn.LayerNorm`. The second port,
/// where there is one, is the weight, the third the bias; in files they have the normalised shape.
public struct LayerNormalization: Normalization {
  public static let typeName = "layer_norm"
  public static let constantDescriptions: [ConstantDescription] = [
    .integers("normalized_shape"), ConstantDescription("eps", default: 1e-5),
  ]
  public static let parameterPorts = [
    ParameterPort("weight", layouts: lastAxes), ParameterPort("bias", layouts: lastAxes),
  ]

  public let constants: [Constant]
  public let epsilon: Double

  public init(constants: [Constant]) throws(InvalidConstants) {
    try checkNormalizedShape(constants.integers(0))
    epsilon = try checkedEpsilon(constants.number(1))
    self.constants = constants
  }

  public func run(_ shape: [Int]) -> Int? { runOfLastAxes(constants.integers(0), shape) }
}

/// Checks the constant `normalized_shape`.
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
func lastAxes(_ shape: [Int], _ constants: [Constant]) -> [ParameterPort.Layout] {
  let extents = constants.integers(0)
  return [ParameterPort.Layout(shape: extents, dims: Array(shape.indices.suffix(extents.count)))]
}
