import LinearAlgebra

/// A tensor at its place within a larger one along an axis, zero elsewhere: `concatenate` is the sum of one such map for
/// each of its inputs.
public struct Place<S: Scalar>: IndexMap {
  public static var typeName: String { "place" }
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("dim"), .integers("start"), .integers("total")]
  }

  public let table: IndexTable

  public init(table: IndexTable) {
    self.table = table
  }

  public static func table(inputShape: [Int], constants: [Constant]) throws(InvalidConstants) -> IndexTable {
    let axis = try axis("dim", constants.integers(0), rank: inputShape.count)
    let (start, total) = (
      try single("start", constants.integers(1)), try single("total", constants.integers(2))
    )
    var shape = inputShape
    shape[axis] = total
    try checkedSize("total", shape)
    guard start >= 0, start <= total - inputShape[axis] else {
      throw InvalidConstants("start: expected room for \(inputShape[axis]) of \(total), found \(start)")
    }
    let steps = strides(of: shape)
    // Not for each output: a concatenation of many parts has as many maps to the whole of it.
    return IndexTable(
      inputShape: inputShape, outputShape: shape, constants: constants,
      places: positions(shape: inputShape, start: start * steps[axis], steps: steps))
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { Place<T>(table: table) }
}
