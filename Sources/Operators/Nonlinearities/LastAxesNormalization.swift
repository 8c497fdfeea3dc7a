import LinearAlgebra

/// Normalisation over the last axes: common to layer and RMS normalisation.
protocol LastAxesNormalization: Normalization {
  /// The extents of the last axes, over which it normalises.
  var normalizedShape: [Int] { get }

  init(normalizedShape: IntegerList, eps: Double) throws(InvalidConstants)
}

extension LastAxesNormalization {
  public init(attributes: Attributes) throws(InvalidConstants) {
    try self.init(
      normalizedShape: IntegerList(attributes.integers("normalized_shape")), eps: attributes.number("eps"))
  }

  public var attributes: Attributes { ["normalized_shape": .integers(normalizedShape), "eps": .number(eps)] }

  public func run(_ shape: [Int]) -> Int? {
    shape.suffix(normalizedShape.count).elementsEqual(normalizedShape) ? normalizedShape.reduce(1, *) : nil
  }
}

/// The value of the attribute `normalized_shape`.
func checkedNormalizedShape(_ extents: IntegerList) throws(InvalidConstants) -> [Int] {
  guard !extents.values.isEmpty else {
    throw InvalidConstants("normalized_shape: expected at least one extent, found none")
  }
  try checkedSize("normalized_shape", extents.values)
  return extents.values
}

/// The layout of a parameter of the normalised shape.
@Sendable
func lastAxes(_ shape: [Int], _ attributes: Attributes) -> [ParameterPort.Layout] {
  let extents = attributes.integers("normalized_shape")
  return [ParameterPort.Layout(shape: extents, dims: Array(shape.indices.suffix(extents.count)))]
}
