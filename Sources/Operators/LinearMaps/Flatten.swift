import LinearAlgebra

/// `x ↦ x` as a vector, as in `torch.nn.Flatten`: from `start_dim`, which counts the axes of a sample from 0.
public struct Flatten<S: Scalar>: IndexMap {
  public static var typeName: String { "flatten" }
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("start_dim", default: [0])]
  }

  public let inputShape: [Int]
  public let outputShape: [Int]
  public let constants: [Constant]
  public let indices: [Int]

  public init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    self.inputShape = inputShape
    self.constants = constants
    let first = try axis("start_dim", single("start_dim", constants.integers(0)), rank: inputShape.count)
    outputShape = inputShape.prefix(first) + [inputShape.dropFirst(first).reduce(1, *)]
    indices = Array(0..<inputShape.reduce(1, *))
  }
}
