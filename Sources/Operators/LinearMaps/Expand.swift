import LinearAlgebra

/// A tensor repeated over a larger one, as in `torch.Tensor.expand`: how a convolution's bias meets its channels.
///
/// `dim` says for each axis of what is read along which axis of `shape` it lies; without it the last axes lie along the
/// last ones, as NumPy broadcasts. Extents of 1 repeat. `factors` are constants that the elements are multiplied by, one
/// for each (all 1 where they are left out): batch normalisation adds `−mean/σ` times its weight.
public struct Expand<S: Scalar>: IndexMap {
  public static var typeName: String { "expand" }
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("shape"), .integers("dim", default: []), .numbers("factors", default: [])]
  }

  public let table: IndexTable

  public init(table: IndexTable) {
    self.table = table
  }

  public static func table(inputShape: [Int], constants: [Constant]) throws(InvalidConstants) -> IndexTable {
    let shape = constants.integers(0)
    guard !shape.isEmpty else { throw InvalidConstants("shape: expected at least one extent, found none") }
    try checkedSize("shape", shape)
    let (size, factors) = (inputShape.reduce(1, *), constants.numbers(2))
    guard factors.isEmpty || factors.count == size else {
      throw InvalidConstants("factors: expected \(size) numbers, found \(factors.count)")
    }
    let broadcast = try Broadcast(of: inputShape, over: shape, dims: constants.integers(1), subject: "shape")
    // What repeats along the last axes is one run.
    let runs = broadcast.steps.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
    return IndexTable(
      inputShape: inputShape, outputShape: shape, constants: constants,
      indices: positions(shape: Array(shape.prefix(runs)), steps: Array(broadcast.steps.prefix(runs))),
      run: shape.suffix(from: runs).reduce(1, *), factors: factors)
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { Expand<T>(table: table) }
}
