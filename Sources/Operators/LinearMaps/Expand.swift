import LinearAlgebra

/// A tensor repeated over a larger one, as in `torch.Tensor.expand`: how a convolution's bias is added to its channels.
///
/// `dim` gives for each axis of the input the axis of `shape` that it is aligned with; without it the last axes are
/// aligned, as in NumPy's broadcasting. Extents of 1 repeat. `factors` are constants that the elements are multiplied
/// by, one for each (all 1 if omitted): batch normalisation adds `−mean/σ` times its weight.
public struct Expand<S: Scalar>: IndexMap {
  public static var typeName: String { "expand" }
  public static var schema: OperatorSchema { expandSchema }

  /// The extents of the value.
  public let shape: [Int]
  /// For each axis of x the axis of the value that it is aligned with; empty for the last axes.
  public let dim: [Int]
  /// A factor for each element of x; empty where all are 1.
  public let factors: [Double]
  public let table: IndexTable

  public var attributes: Attributes {
    ["shape": .integers(shape), "dim": .integers(dim), "factors": .numbers(factors)]
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    Expand<T>(shape: shape, dim: dim, factors: factors, table: table)
  }
}

extension Expand {
  /// The map that repeats samples of this shape over a larger one, each element times its factor.
  ///
  /// - Throws: `InvalidConstants` where the axes cannot be aligned so, or the number of factors differs.
  public init(inputShape: [Int], shape: [Int], dim: IntegerList = [], factors: [Double] = [])
    throws(InvalidConstants)
  {
    try checkedSize("input", inputShape)
    self.shape = shape
    self.dim = dim.values
    self.factors = factors
    guard !shape.isEmpty else { throw InvalidConstants("shape: expected at least one extent, found none") }
    try checkedSize("shape", shape)
    let size = inputShape.reduce(1, *)
    guard factors.isEmpty || factors.count == size else {
      throw InvalidConstants("factors: expected \(size) numbers, found \(factors.count)")
    }
    let broadcast = try Broadcast(of: inputShape, over: shape, dims: dim.values, subject: "shape")
    // A repetition along the last axes is one run.
    let runs = broadcast.steps.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
    table = IndexTable(
      inputShape: inputShape, outputShape: shape,
      indices: positions(shape: Array(shape.prefix(runs)), steps: Array(broadcast.steps.prefix(runs))),
      run: shape.suffix(from: runs).reduce(1, *), factors: factors)
  }

  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    try self.init(
      inputShape: inputShape, shape: attributes.integers("shape"),
      dim: IntegerList(attributes.integers("dim")),
      factors: attributes.numbers("factors"))
  }
}

private let expandSchema = OperatorSchema(
  "x repeated over a larger shape: how a bias meets its channels",
  .integers("shape", "the extents of the value"),
  .integers(
    "dim", default: [],
    "for each axis of x the axis of the value along which it lies; without it the last ones"),
  .numbers("factors", default: [], "constants, one for each number of x; without them ones"))
