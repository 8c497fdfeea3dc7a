import LinearAlgebra

/// `x ↦ x` in another shape, as in `torch.reshape`; one extent may be −1 and is then inferred. The coordinates stay in
/// row-major order.
public struct Reshape<S: Scalar>: IndexMap {
  public static var typeName: String { "reshape" }
  public static var schema: OperatorSchema { reshapeSchema }

  /// The extents; one may be −1 and is then inferred.
  public let shape: [Int]
  public let table: IndexTable

  public var attributes: Attributes { ["shape": .integers(shape)] }

  // The numbers keep their order.
  public func value(of x: Matrix<S>) -> Matrix<S> { x }

  public func transposedValue(of g: Matrix<S>) -> Matrix<S> { g }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) { p.add(x) }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) { e.add(g) }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { Reshape<T>(shape: shape, table: table) }
}

extension Reshape {
  /// The map of samples of this shape to these extents, one of which may be −1.
  ///
  /// - Throws: `InvalidConstants` where the number of coordinates differs.
  public init(inputShape: [Int], shape: [Int]) throws(InvalidConstants) {
    try checkedSize("input", inputShape)
    self.shape = shape
    var extents = shape
    let size = inputShape.reduce(1, *)
    if let free = extents.firstIndex(of: -1) {
      extents[free] = 1
      let rest = try checkedSize("shape", extents)
      if size % rest == 0 { extents[free] = size / rest }
    }
    guard !extents.isEmpty, try checkedSize("shape", extents) == size else {
      throw InvalidConstants("shape: expected extents of \(size) coordinates, found \(shape)")
    }
    table = IndexTable(
      inputShape: inputShape, outputShape: extents, indices: Array(0..<size))
  }

  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    try self.init(inputShape: inputShape, shape: attributes.integers("shape"))
  }
}

private let reshapeSchema = OperatorSchema(
  "the same numbers in another shape", .integers("shape", "the extents; one may be −1, which is what remains")
)
