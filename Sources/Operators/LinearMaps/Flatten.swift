import LinearAlgebra

/// `x ↦ x` with the axes from `start_dim` to `end_dim` merged, as in `torch.flatten`, except that both count the axes
/// of a sample: by default a vector.
public struct Flatten<S: Scalar>: IndexMap {
  public static var typeName: String { "flatten" }
  public static var schema: OperatorSchema { flattenSchema }

  /// The first axis, counted from the end where it is negative.
  public let startDim: Int
  /// The last axis, counted from the end where it is negative.
  public let endDim: Int
  public let table: IndexTable

  public var attributes: Attributes { ["start_dim": .integers([startDim]), "end_dim": .integers([endDim])] }

  // The numbers keep their order.
  public func value(of x: Matrix<S>) -> Matrix<S> { x }

  public func transposedValue(of g: Matrix<S>) -> Matrix<S> { g }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) { p.add(x) }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) { e.add(g) }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    Flatten<T>(startDim: startDim, endDim: endDim, table: table)
  }
}

extension Flatten {
  /// The map that merges the axes of samples of this shape from `startDim` to `endDim`; by default all of them.
  ///
  /// - Throws: `InvalidConstants` where the samples have no such axes, or the last one precedes the first.
  public init(inputShape: [Int], startDim: Int = 0, endDim: Int = -1) throws(InvalidConstants) {
    try checkedSize("input", inputShape)
    self.startDim = startDim
    self.endDim = endDim
    let first = try axis("start_dim", startDim, rank: inputShape.count)
    let last = try axis("end_dim", endDim, rank: inputShape.count)
    guard first <= last else {
      throw InvalidConstants("end_dim: expected an axis not before start_dim, \(first), found \(last)")
    }
    let size = inputShape[first...last].reduce(1, *)
    table = IndexTable(
      inputShape: inputShape, outputShape: inputShape[..<first] + [size] + inputShape[(last + 1)...],
      indices: Array(0..<inputShape.reduce(1, *)))
  }

  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    try self.init(
      inputShape: inputShape, startDim: try attributes.integer("start_dim"),
      endDim: try attributes.integer("end_dim"))
  }
}

private let flattenSchema = OperatorSchema(
  "several axes as one", .integers("start_dim", default: [0], "the first of them"),
  .integers("end_dim", default: [-1], "the last of them"))
