import LinearAlgebra

/// A part along one axis: the coordinates `start`, `start + step`, … below `end`, as in `x[start:end:step]`.
public struct Slice<S: Scalar>: IndexMap {
  public static var typeName: String { "slice" }
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("axis"), .integers("start", default: [0]), .integers("end"), .integers("step", default: [1])]
  }

  public let inputShape: [Int]
  public let outputShape: [Int]
  public let constants: [Constant]
  public let indices: [Int]

  public init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    self.inputShape = inputShape
    self.constants = constants
    let axis = try axis("axis", single("axis", constants.integers(0)), rank: inputShape.count)
    let (start, end) = (try single("start", constants.integers(1)), try single("end", constants.integers(2)))
    let step = try single("step", constants.integers(3))
    guard start >= 0, start < end, end <= inputShape[axis], step > 0 else {
      throw InvalidConstants(
        "start, end, step: expected a part of 0 to \(inputShape[axis]), found \(start), \(end), \(step)")
    }
    var shape = inputShape
    shape[axis] = (end - start + step - 1) / step
    var steps = strides(of: inputShape)
    let first = start * steps[axis]
    steps[axis] *= step
    outputShape = shape
    indices = positions(shape: shape, start: first, steps: steps)
  }
}
