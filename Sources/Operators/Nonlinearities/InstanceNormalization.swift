import LinearAlgebra

/// Normalisation of `[channels, …]` over each channel, as in `torch.nn.InstanceNorm2d`. The optional second port is the
/// weight, the third the bias; in files they have one number for each channel.
public struct InstanceNormalization: Normalization {
  public static let typeName = "instance_norm"
  public static let schema = OperatorSchema(
    "group norm with a group for each channel",
    .eps)
  public static let parameterPorts = [
    ParameterPort("weight", layouts: alongChannels), ParameterPort("bias", layouts: alongChannels),
  ]

  public let eps: Double

  /// The normalisation over each channel.
  ///
  /// - Throws: `InvalidConstants` where `eps` is negative.
  public init(eps: Double = 1e-5) throws(InvalidConstants) {
    self.eps = try checkedEpsilon(eps)
  }

  public init(attributes: Attributes) throws(InvalidConstants) {
    try self.init(eps: attributes.number("eps"))
  }

  public var attributes: Attributes { ["eps": .number(eps)] }

  public func run(_ shape: [Int]) -> Int? { shape.count >= 2 ? shape.dropFirst().reduce(1, *) : nil }
}
