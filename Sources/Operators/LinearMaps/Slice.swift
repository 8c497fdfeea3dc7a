import LinearAlgebra

/// A part along one axis: the coordinates `start`, `start + step`, … below `end`, as in `x[start:end:step]`; `start` and
/// `end` count from the end of the axis where they are negative.
public struct Slice<S: Scalar>: IndexMap {
  public static var typeName: String { "slice" }
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("dim"), .integers("start", default: [0]), .integers("end"), .integers("step", default: [1])]
  }

  public let table: IndexTable

  public init(table: IndexTable) {
    self.table = table
  }

  public static func table(inputShape: [Int], constants: [Constant]) throws(InvalidConstants) -> IndexTable {
    let axis = try axis("dim", constants.integers(0), rank: inputShape.count)
    let extent = inputShape[axis]
    let step = try positive("step", constants.integers(3))
    var start = try single("start", constants.integers(1))
    guard (-extent..<extent).contains(start) else {
      throw InvalidConstants("start: expected a place from \(-extent) to \(extent - 1), found \(start)")
    }
    if start < 0 { start += extent }
    var end = try single("end", constants.integers(2))
    if (-extent..<0).contains(end) { end += extent }
    guard end > start, end <= extent else {
      throw InvalidConstants(
        "end: expected a place behind start, \(start), and up to \(extent), found \(constants.integers(2)[0])"
      )
    }
    var shape = inputShape
    shape[axis] = (end - start - 1) / step + 1
    var steps = strides(of: inputShape)
    let first = start * steps[axis]
    // Where one coordinate is left there is no second one to step to, however far it would be.
    steps[axis] = shape[axis] == 1 ? 0 : steps[axis] * step
    return IndexTable(
      inputShape: inputShape, outputShape: shape, constants: constants,
      indices: positions(shape: shape, start: first, steps: steps))
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { Slice<T>(table: table) }
}
