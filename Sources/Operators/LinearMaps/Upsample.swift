import LinearAlgebra

/// Nearest-neighbour upsampling of the spatial axes of `[channels, …]`, as in `torch.nn.Upsample`.
public struct Upsample<S: Scalar>: IndexMap {
  public static var typeName: String { "upsample" }
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("scale_factor")]
  }

  public let inputShape: [Int]
  public let outputShape: [Int]
  public let constants: [Constant]
  public let indices: [Int]

  public init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    self.inputShape = inputShape
    self.constants = constants
    let rank = inputShape.count - 1
    let given = constants.integers(0)
    let factors = given.count == 1 ? [Int](repeating: given[0], count: max(0, rank)) : given
    guard rank >= 1, factors.count == rank, factors.allSatisfy({ (1...1 << 16).contains($0) }) else {
      throw InvalidConstants("scale_factor: expected 1 or \(rank) positive integers, found \(given)")
    }
    let steps = strides(of: inputShape)
    var indices = (0..<inputShape[0]).map { $0 * steps[0] }
    for axis in 1...rank {
      indices = indices.flatMap { base in
        (0..<inputShape[axis] * factors[axis - 1]).map { base + $0 / factors[axis - 1] * steps[axis] }
      }
    }
    outputShape = [inputShape[0]] + zip(inputShape.dropFirst(), factors).map { $0 * $1 }
    self.indices = indices
  }
}
