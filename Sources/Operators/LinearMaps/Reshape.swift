import LinearAlgebra

/// `x ↦ x` in another shape, as in `torch.reshape`; one extent may be −1, which is what remains. The coordinates stay in
/// row-major order.
public struct Reshape<S: Scalar>: IndexMap {
  public static var typeName: String { "reshape" }
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("shape")]
  }

  public let inputShape: [Int]
  public let outputShape: [Int]
  public let constants: [Constant]
  public let indices: [Int]

  public init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    self.inputShape = inputShape
    self.constants = constants
    var shape = constants.integers(0)
    let size = inputShape.reduce(1, *)
    if let free = shape.firstIndex(of: -1) {
      let rest = shape.reduce(-1, *)
      if rest > 0, size % rest == 0 { shape[free] = size / rest }
    }
    guard !shape.isEmpty, shape.allSatisfy({ $0 > 0 }), shape.reduce(1, *) == size else {
      throw InvalidConstants("shape: expected extents of \(size) coordinates, found \(constants.integers(0))")
    }
    outputShape = shape
    indices = Array(0..<size)
  }
}
