import LinearAlgebra

/// A vector along one axis of a larger tensor, the same everywhere else: how a convolution's bias meets its channels.
public struct Expand<S: Scalar>: IndexMap {
  public static var typeName: String { "expand" }
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("shape"), .integers("axis", default: [0])]
  }

  public let inputShape: [Int]
  public let outputShape: [Int]
  public let constants: [Constant]
  public let indices: [Int]

  public init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    self.inputShape = inputShape
    self.constants = constants
    let shape = constants.integers(0)
    guard !shape.isEmpty, shape.allSatisfy({ $0 > 0 }) else {
      throw InvalidConstants("shape: expected positive extents, found \(shape)")
    }
    let axis = try axis("axis", single("axis", constants.integers(1)), rank: shape.count)
    guard inputShape == [shape[axis]] else {
      throw InvalidConstants("shape: expected \(inputShape) along axis \(axis), found \(shape)")
    }
    outputShape = shape
    indices = positions(shape: shape, steps: shape.indices.map { $0 == axis ? 1 : 0 })
  }
}
