import LinearAlgebra

/// Normalisation of `[channels, …]` over each channel, as in `torch.nn.InstanceNorm2d`. The second port, where there is one,
/// is the weight, the third the bias; in files they have one number for each channel.
public struct InstanceNormalization: Normalization {
  public static let typeName = "instance_norm"
  public static let constantDescriptions = [ConstantDescription("eps", default: 1e-5)]
  public static let parameterPorts = [
    ParameterPort("weight", layouts: alongChannels), ParameterPort("bias", layouts: alongChannels),
  ]

  public let constants: [Constant]
  public let epsilon: Double

  public init(constants: [Constant]) throws(InvalidConstants) {
    epsilon = try checkedEpsilon(constants.number(0))
    self.constants = constants
  }

  public func run(_ shape: [Int]) -> Int? { shape.count >= 2 ? shape.dropFirst().reduce(1, *) : nil }
}
