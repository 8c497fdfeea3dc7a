import LinearAlgebra

/// `x ↦ x` in another shape, as in `torch.reshape`; one extent may be −1, which is what remains. The coordinates stay in
/// row-major order.
public struct Reshape<S: Scalar>: IndexMap {
  public static var typeName: String { "reshape" }
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("shape")]
  }

  public let table: IndexTable

  public init(table: IndexTable) {
    self.table = table
  }

  public static func table(inputShape: [Int], constants: [Constant]) throws(InvalidConstants) -> IndexTable {
    var shape = constants.integers(0)
    let size = inputShape.reduce(1, *)
    if let free = shape.firstIndex(of: -1) {
      shape[free] = 1
      let rest = try checkedSize("shape", shape)
      if size % rest == 0 { shape[free] = size / rest }
    }
    guard !shape.isEmpty, try checkedSize("shape", shape) == size else {
      throw InvalidConstants("shape: expected extents of \(size) coordinates, found \(constants.integers(0))")
    }
    return IndexTable(
      inputShape: inputShape, outputShape: shape, constants: constants, indices: Array(0..<size))
  }

  // The numbers stay where they are.
  public func value(of x: Matrix<S>) -> Matrix<S> { x }

  public func transposedValue(of g: Matrix<S>) -> Matrix<S> { g }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) { p.add(x) }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) { e.add(g) }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { Reshape<T>(table: table) }
}
