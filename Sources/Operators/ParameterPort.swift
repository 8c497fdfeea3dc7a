/// A port that a parameter fills rather than a value of the network: the weight of a normalisation, the slopes of PReLU.
///
/// The port itself has the full shape of what the nonlinearity reads; the parameter is smaller, and meets it as
/// `expand` says: its axes lie along some of the port's, and it is the same along all others.
public struct ParameterPort: Sendable {
  /// A shape of the parameter, and for each of its axes the axis of the port along which it lies.
  public struct Layout: Hashable, Sendable {
    /// The shape of the parameter.
    public let shape: [Int]
    /// For each of its axes that of the port: what `expand` is told as `dim`.
    public let dims: [Int]

    /// The layout of a parameter of this shape.
    public init(shape: [Int], dims: [Int]) {
      self.shape = shape
      self.dims = dims
    }
  }

  /// The key in files, as the parameter is called in `torch.nn`.
  public let name: String
  /// Whether the nonlinearity needs it. One that is not required may be left out together with all behind it.
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
  /// nonlinearity takes it.
  public func layouts(portShape: [Int], attributes: Attributes) -> [Layout] {
    layoutsOf(portShape, attributes)
  }
}

extension ParameterPort.Layout {
  /// A number for each channel, the first axis.
  static func channels(of shape: [Int]) -> Self { Self(shape: Array(shape.prefix(1)), dims: [0]) }
}
