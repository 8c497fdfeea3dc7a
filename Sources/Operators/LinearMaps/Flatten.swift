import LinearAlgebra

/// `x ↦ x` with the axes from `start_dim` to `end_dim` made one, as in `torch.flatten`, but that both count the axes of a
/// sample: by default a vector.
public struct Flatten<S: Scalar>: IndexMap {
  public static var typeName: String { "flatten" }
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("start_dim", default: [0]), .integers("end_dim", default: [-1])]
  }

  public let table: IndexTable

  public init(table: IndexTable) {
    self.table = table
  }

  public static func table(inputShape: [Int], constants: [Constant]) throws(InvalidConstants) -> IndexTable {
    let first = try axis("start_dim", constants.integers(0), rank: inputShape.count)
    let last = try axis("end_dim", constants.integers(1), rank: inputShape.count)
    guard first <= last else {
      throw InvalidConstants("end_dim: expected an axis not before start_dim, \(first), found \(last)")
    }
    let size = inputShape[first...last].reduce(1, *)
    return IndexTable(
      inputShape: inputShape, outputShape: inputShape[..<first] + [size] + inputShape[(last + 1)...],
      constants: constants, indices: Array(0..<inputShape.reduce(1, *)))
  }

  // The numbers stay where they are.
  public func value(of x: Matrix<S>) -> Matrix<S> { x }

  public func transposedValue(of g: Matrix<S>) -> Matrix<S> { g }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) { p.add(x) }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) { e.add(g) }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { Flatten<T>(table: table) }
}
