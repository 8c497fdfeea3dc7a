import LinearAlgebra

/// Nearest-neighbour upsampling of the spatial axes of `[channels, …]`, as in `torch.nn.Upsample`: one factor for all
/// of them, or one for each.
public struct Upsample<S: Scalar>: IndexMap {
  public static var typeName: String { "upsample" }
  public static var schema: OperatorSchema { upsampleSchema }

  /// The number of repetitions of each coordinate: one for all spatial axes, or one for each.
  public let scaleFactor: [Int]
  public let table: IndexTable

  public var attributes: Attributes { ["scale_factor": .integers(scaleFactor)] }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    Upsample<T>(scaleFactor: scaleFactor, table: table)
  }
}

extension Upsample {
  /// The map of samples `[channels, …]` of this shape, with each coordinate repeated along the spatial axes.
  ///
  /// - Throws: `InvalidConstants` where there is no spatial axis, or a factor is not positive.
  public init(inputShape: [Int], scaleFactor: IntegerList) throws(InvalidConstants) {
    try checkedSize("input", inputShape)
    self.scaleFactor = scaleFactor.values
    let (rank, given) = (inputShape.count - 1, scaleFactor.values)
    guard rank >= 1 else {
      throw InvalidConstants("input: expected samples of shape [channels, …], found \(inputShape)")
    }
    let factors = given.count == 1 ? [Int](repeating: given[0], count: rank) : given
    guard factors.count == rank, factors.allSatisfy({ (1...1 << 20).contains($0) }) else {
      throw InvalidConstants(
        "scale_factor: expected \(numberOrList(of: rank, "factor")) in 1…\(1 << 20), found \(given)")
    }
    var shape = inputShape
    for axis in 1...rank {
      shape[axis] *= factors[axis - 1]
      try checkedSize("scale_factor", shape)
    }
    let steps = strides(of: inputShape)
    var indices = positions(shape: [inputShape[0]], steps: [steps[0]])
    for axis in 1...rank {
      indices = indices.flatMap { base in
        (0..<shape[axis]).map { base + $0 / factors[axis - 1] * steps[axis] }
      }
    }
    table = IndexTable(inputShape: inputShape, outputShape: shape, indices: indices)
  }

  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    try self.init(inputShape: inputShape, scaleFactor: IntegerList(attributes.integers("scale_factor")))
  }
}

private let upsampleSchema = OperatorSchema(
  "nearest neighbour, spatial axes of `[channels, …]`",
  .integers("scale_factor", "how often each coordinate is repeated, for all axes or for each"))
