/// A port that holds a parameter rather than a value of the network: the weight of a normalisation, the slopes of
/// PReLU.
///
/// The port has the full shape of the nonlinearity's input. The parameter is smaller and broadcast as by `expand`: its
/// axes are aligned with some of the port's, and it repeats along all others.
public struct ParameterPort: Sendable {
  /// A shape of the parameter, and for each of its axes the aligned axis of the port.
  public struct Layout: Hashable, Sendable {
    /// The shape of the parameter.
    public let shape: [Int]
    /// For each of its axes the axis of the port: the `dim` of `expand`.
    public let dims: [Int]

    /// The layout of a parameter of this shape.
    public init(shape: [Int], dims: [Int]) {
      self.shape = shape
      self.dims = dims
    }
  }

  /// The key in files, the parameter's name in `torch.nn`.
  public let name: String
  /// Whether the nonlinearity requires it. An optional one may be omitted together with all that follow.
  public let isRequired: Bool
  private let layoutsOf: @Sendable (_ shape: [Int], _ attributes: Attributes) -> [Layout]

  /// The port of a parameter whose shape follows from that of the first port and from the attributes.
  init(
    _ name: String, isRequired: Bool = false,
    layouts: @escaping @Sendable (_ shape: [Int], _ attributes: Attributes) -> [Layout]
  ) {
    self.name = name
    self.isRequired = isRequired
    layoutsOf = layouts
  }

  /// The layouts that the parameter may have, the usual one first, where the first port has this shape and the
  /// nonlinearity accepts it.
  public func layouts(portShape: [Int], attributes: Attributes) -> [Layout] {
    layoutsOf(portShape, attributes)
  }
}

extension ParameterPort.Layout {
  /// A number for each channel, the first axis.
  static func channels(of shape: [Int]) -> Self { Self(shape: Array(shape.prefix(1)), dims: [0]) }
}
