import LinearAlgebra

/// Normalisation of `[channels, …]` over groups of adjacent channels, as in `torch.nn.GroupNorm`. The optional second
/// port is the weight, the third the bias; in files they have one number for each channel.
public struct GroupNormalization: Normalization {
  public static let typeName = "group_norm"
  public static let schema = OperatorSchema(
    "layer norm of groups of channels; weight and bias `[channels]`",
    .integers("num_groups", "how many groups the channels fall into"),
    .eps)
  public static let parameterPorts = [
    ParameterPort("weight", layouts: alongChannels), ParameterPort("bias", layouts: alongChannels),
  ]

  /// The number of groups of channels.
  public let groups: Int
  public let eps: Double

  /// The normalisation over this number of groups of channels.
  ///
  /// - Throws: `InvalidConstants` where the number of groups is not positive, or `eps` is negative.
  public init(groups: Int, eps: Double = 1e-5) throws(InvalidConstants) {
    self.groups = try positive("num_groups", [groups])
    self.eps = try checkedEpsilon(eps)
  }

  public init(attributes: Attributes) throws(InvalidConstants) {
    try self.init(
      groups: try positive("num_groups", attributes.integers("num_groups")), eps: attributes.number("eps"))
  }

  public var attributes: Attributes { ["num_groups": .integers([groups]), "eps": .number(eps)] }

  public func run(_ shape: [Int]) -> Int? {
    guard let channels = shape.first, channels % groups == 0 else { return nil }
    return shape.reduce(1, *) / groups
  }
}

/// The layout of a parameter with one number for each channel.
@Sendable
func alongChannels(_ shape: [Int], _ attributes: Attributes) -> [ParameterPort.Layout] {
  [.channels(of: shape)]
}
