import LinearAlgebra

/// `p / √(mean(p²) + eps)` over the last axes, whose extents are `normalized_shape`, as in `torch.nn.RMSNorm`. The second
/// port, where there is one, is the weight; in files it has the normalised shape.
///
/// `eps` is 1e-5 where it is left out; PyTorch takes the machine epsilon of the numbers' type then, which is no constant of
/// the function.
public struct RootMeanSquareNormalization: Normalization {
  public static let typeName = "rms_norm"
  public static let constantDescriptions: [ConstantDescription] = [
    .integers("normalized_shape"), ConstantDescription("eps", default: 1e-5),
  ]
  public static let parameterPorts = [ParameterPort("weight", layouts: lastAxes)]
  public static let isCentered = false

  public let constants: [Constant]
  public let epsilon: Double

  public init(constants: [Constant]) throws(InvalidConstants) {
    try checkNormalizedShape(constants.integers(0))
    epsilon = try checkedEpsilon(constants.number(1))
    self.constants = constants
  }

  public func run(_ shape: [Int]) -> Int? { runOfLastAxes(constants.integers(0), shape) }
}
