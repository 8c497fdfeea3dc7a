import LinearAlgebra

/// Nearest-neighbour upsampling of the spatial axes of `[channels, …]`, as in `torch.nn.Upsample`: one factor for all of
/// them, or one for each.
public struct Upsample<S: Scalar>: IndexMap {
  public static var typeName: String { "upsample" }
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("scale_factor")]
  }

  public let table: IndexTable

  public init(table: IndexTable) {
    self.table = table
  }

  public static func table(inputShape: [Int], constants: [Constant]) throws(InvalidConstants) -> IndexTable {
    let (rank, given) = (inputShape.count - 1, constants.integers(0))
    guard rank >= 1 else {
      throw InvalidConstants("input: expected samples of shape [channels, …], found \(inputShape)")
    }
    let factors = given.count == 1 ? [Int](repeating: given[0], count: rank) : given
    guard factors.count == rank, factors.allSatisfy({ (1...1 << 20).contains($0) }) else {
      throw InvalidConstants("scale_factor: expected 1 or \(rank) positive integers, found \(given)")
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
    return IndexTable(inputShape: inputShape, outputShape: shape, constants: constants, indices: indices)
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { Upsample<T>(table: table) }
}
