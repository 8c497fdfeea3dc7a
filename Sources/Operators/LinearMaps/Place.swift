import LinearAlgebra

/// A tensor at its position in a larger one along an axis, zero elsewhere: `concatenate` is the sum of one such map for
/// each of its inputs.
public struct Place<S: Scalar>: IndexMap {
  public static var typeName: String { "place" }
  public static var schema: OperatorSchema { placeSchema }

  /// The axis, counted from the end where it is negative.
  public let dim: Int
  /// The tensor's first coordinate along it.
  public let start: Int
  /// The extent of the larger tensor along it.
  public let total: Int
  public let table: IndexTable

  public var attributes: Attributes {
    ["dim": .integers([dim]), "start": .integers([start]), "total": .integers([total])]
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    Place<T>(dim: dim, start: start, total: total, table: table)
  }
}

extension Place {
  /// The map that puts samples of this shape at `start` of an axis with `total` coordinates.
  ///
  /// - Throws: `InvalidConstants` where they have no such axis, or the tensor does not fit.
  public init(inputShape: [Int], dim: Int, start: Int, total: Int) throws(InvalidConstants) {
    try checkedSize("input", inputShape)
    self.dim = dim
    self.start = start
    self.total = total
    let axis = try axis("dim", dim, rank: inputShape.count)
    var shape = inputShape
    shape[axis] = total
    try checkedSize("total", shape)
    guard start >= 0, start <= total - inputShape[axis] else {
      throw InvalidConstants("start: expected room for \(inputShape[axis]) of \(total), found \(start)")
    }
    let steps = strides(of: shape)
    // Stored by input rather than by output, since a concatenation of many parts has as many maps to the whole.
    table = IndexTable(
      inputShape: inputShape, outputShape: shape,
      places: positions(shape: inputShape, start: start * steps[axis], steps: steps))
  }

  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    try self.init(
      inputShape: inputShape, dim: try attributes.integer("dim"), start: try attributes.integer("start"),
      total: try attributes.integer("total"))
  }
}

private let placeSchema = OperatorSchema(
  "x at a place within `total`, zeros around it: a part of a concatenation", .integers("dim", "the axis"),
  .integers("start", "where along it x stands"), .integers("total", "the extent of the whole along it"))
