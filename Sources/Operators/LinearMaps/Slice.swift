import LinearAlgebra

/// A part along one axis: the coordinates `start`, `start + step`, … below `end`, as in `x[start:end:step]`; `start`
/// and `end` count from the end of the axis where they are negative.
public struct Slice<S: Scalar>: IndexMap {
  public static var typeName: String { "slice" }
  public static var schema: OperatorSchema { sliceSchema }

  /// The axis, counted from the end where it is negative.
  public let dim: Int
  /// The first coordinate, counted from the end where it is negative.
  public let start: Int
  /// The exclusive upper bound of the coordinates, counted from the end where it is negative.
  public let end: Int
  /// The distance from one coordinate to the next.
  public let step: Int
  public let table: IndexTable

  public var attributes: Attributes {
    [
      "dim": .integers([dim]), "start": .integers([start]), "end": .integers([end]),
      "step": .integers([step]),
    ]
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    Slice<T>(dim: dim, start: start, end: end, step: step, table: table)
  }
}

extension Slice {
  /// The coordinates `start`, `start + step`, … below `end` of an axis of samples of this shape.
  ///
  /// - Throws: `InvalidConstants` where the axis has no such coordinates.
  public init(inputShape: [Int], dim: Int, start: Int = 0, end: Int, step: Int = 1) throws(InvalidConstants) {
    try checkedSize("input", inputShape)
    self.dim = dim
    self.start = start
    self.end = end
    self.step = step
    let axis = try axis("dim", dim, rank: inputShape.count)
    let extent = inputShape[axis]
    let step = try positive("step", [step])
    var first = start
    guard (-extent..<extent).contains(first) else {
      throw InvalidConstants("start: expected a place from \(-extent) to \(extent - 1), found \(first)")
    }
    if first < 0 { first += extent }
    var last = end
    if (-extent..<0).contains(last) { last += extent }
    guard last > first, last <= extent else {
      throw InvalidConstants(
        "end: expected a place behind start, \(first), and up to \(extent), found \(end)")
    }
    var shape = inputShape
    shape[axis] = (last - first - 1) / step + 1
    var steps = strides(of: inputShape)
    let origin = first * steps[axis]
    // With a single coordinate the step is irrelevant, however large it is.
    steps[axis] = shape[axis] == 1 ? 0 : steps[axis] * step
    table = IndexTable(
      inputShape: inputShape, outputShape: shape,
      indices: positions(shape: shape, start: origin, steps: steps))
  }

  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    try self.init(
      inputShape: inputShape, dim: try attributes.integer("dim"), start: try attributes.integer("start"),
      end: try attributes.integer("end"), step: try attributes.integer("step"))
  }
}

private let sliceSchema = OperatorSchema(
  "a part along an axis", .integers("dim", "the axis"), .integers("start", default: [0], "the first place"),
  .integers("end", "the place behind the last; negative places count from the end"),
  .integers("step", default: [1], "the distance from one place to the next"))
