import LinearAlgebra

/// The axes in another order, as in `torch.permute`: axis i of the value is axis `dims[i]` of the input.
public struct Permute<S: Scalar>: IndexMap {
  public static var typeName: String { "permute" }
  public static var schema: OperatorSchema { permuteSchema }

  /// For each axis of the value the axis of x, counted from the end where it is negative.
  public let dims: [Int]
  public let table: IndexTable

  public var attributes: Attributes { ["dims": .integers(dims)] }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { Permute<T>(dims: dims, table: table) }
}

extension Permute {
  /// The map of samples of this shape to their axes in the order `dims`.
  ///
  /// - Throws: `InvalidConstants` where `dims` does not contain every axis once.
  public init(inputShape: [Int], dims: [Int]) throws(InvalidConstants) {
    try checkedSize("input", inputShape)
    self.dims = dims
    let axes = try distinctAxes("dims", dims, rank: inputShape.count)
    guard axes.count == inputShape.count else {
      throw InvalidConstants(
        "dims: expected the axes 0 to \(inputShape.count - 1) in some order, found \(dims)")
    }
    let steps = strides(of: inputShape)
    let shape = axes.map { inputShape[$0] }
    table = IndexTable(
      inputShape: inputShape, outputShape: shape,
      indices: positions(shape: shape, steps: axes.map { steps[$0] }))
  }

  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    try self.init(inputShape: inputShape, dims: attributes.integers("dims"))
  }
}

private let permuteSchema = OperatorSchema(
  "axis i of the value is axis `dims[i]` of x", .integers("dims", "the axes in their new order"))
