import LinearAlgebra

/// A tensor at its place within a larger one along an axis, zero elsewhere: `concatenate` is the sum of one such map for
/// each of its inputs, and zero padding is such a map for each axis.
public struct Place<S: Scalar>: IndexMap {
  public static var typeName: String { "place" }
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("axis"), .integers("start"), .integers("total")]
  }

  public let inputShape: [Int]
  public let outputShape: [Int]
  public let constants: [Constant]
  public let indices: [Int]

  public init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    self.inputShape = inputShape
    self.constants = constants
    let axis = try axis("axis", single("axis", constants.integers(0)), rank: inputShape.count)
    let (start, total) = (
      try single("start", constants.integers(1)), try single("total", constants.integers(2))
    )
    guard start >= 0, total <= 1 << 40, start <= total - inputShape[axis] else {
      throw InvalidConstants(
        "start, total: expected room for \(inputShape[axis]), found \(start) of \(total)")
    }
    var shape = inputShape
    shape[axis] = total
    let steps = strides(of: shape)
    var indices = [Int](repeating: -1, count: shape.reduce(1, *))
    for (input, output) in positions(shape: inputShape, start: start * steps[axis], steps: steps).enumerated()
    {
      indices[output] = input
    }
    outputShape = shape
    self.indices = indices
  }
}
