import LinearAlgebra

/// Normalisation of `[channels, …]` over groups of channels that stand side by side, as in `torch.nn.GroupNorm`. The second
/// port, where there is one, is the weight, the third the bias; in files they have one number for each channel.
public struct GroupNormalization: Normalization {
  public static let typeName = "group_norm"
  public static let constantDescriptions: [ConstantDescription] = [
    .integers("num_groups"), ConstantDescription("eps", default: 1e-5),
  ]
  public static let parameterPorts = [
    ParameterPort("weight", layouts: alongChannels), ParameterPort("bias", layouts: alongChannels),
  ]

  public let constants: [Constant]
  private let groups: Int
  public let epsilon: Double

  public init(constants: [Constant]) throws(InvalidConstants) {
    groups = try positive("num_groups", constants.integers(0))
    epsilon = try checkedEpsilon(constants.number(1))
    self.constants = constants
  }

  public func run(_ shape: [Int]) -> Int? {
    guard let channels = shape.first, channels % groups == 0 else { return nil }
    return shape.reduce(1, *) / groups
  }
}

/// The layout of a parameter with one number for each channel.
@Sendable
func alongChannels(_ shape: [Int], _ constants: [Constant]) -> [ParameterPort.Layout] {
  [.channels(of: shape)]
}
