import LinearAlgebra

/// The axes in another order, as in `torch.permute`: axis i of the value is axis `dims[i]` of what is read.
public struct Permute<S: Scalar>: IndexMap {
  public static var typeName: String { "permute" }
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("dims")]
  }

  public let inputShape: [Int]
  public let outputShape: [Int]
  public let constants: [Constant]
  public let indices: [Int]

  public init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    self.inputShape = inputShape
    self.constants = constants
    let dims = constants.integers(0)
    guard dims.sorted() == Array(inputShape.indices) else {
      throw InvalidConstants(
        "dims: expected the axes 0 to \(inputShape.count - 1) in some order, found \(dims)")
    }
    let steps = strides(of: inputShape)
    outputShape = dims.map { inputShape[$0] }
    indices = positions(shape: outputShape, steps: dims.map { steps[$0] })
  }
}
