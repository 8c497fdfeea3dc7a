import LinearAlgebra

/// The coordinates `index` of one axis, in the given order, as in `torch.index_select`; one may occur several times.
public struct IndexSelect<S: Scalar>: IndexMap {
  public static var typeName: String { "index_select" }
  public static var schema: OperatorSchema { indexSelectSchema }

  /// The axis, counted from the end where it is negative.
  public let dim: Int
  /// The coordinates, in the order of the value.
  public let index: [Int]
  public let table: IndexTable

  public var attributes: Attributes { ["dim": .integers([dim]), "index": .integers(index)] }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    IndexSelect<T>(dim: dim, index: index, table: table)
  }
}

extension IndexSelect {
  /// The coordinates `index` of an axis of samples of this shape.
  ///
  /// - Throws: `InvalidConstants` where the axis has no such coordinates, or `index` is empty.
  public init(inputShape: [Int], dim: Int, index: [Int]) throws(InvalidConstants) {
    try checkedSize("input", inputShape)
    self.dim = dim
    self.index = index
    let axis = try axis("dim", dim, rank: inputShape.count)
    let extent = inputShape[axis]
    if let odd = index.first(where: { !(0..<extent).contains($0) }) {
      throw InvalidConstants("index: expected places from 0 to \(extent - 1), found \(odd)")
    }
    guard !index.isEmpty else { throw InvalidConstants("index: expected at least one place, found none") }
    var shape = inputShape
    shape[axis] = index.count
    try checkedSize("index", shape)
    let inner = strides(of: inputShape)[axis]
    let outer = inputShape.prefix(axis).reduce(1, *)
    var indices: [Int] = []
    indices.reserveCapacity(outer * index.count * inner)
    for before in 0..<outer {
      for place in index {
        let first = (before * extent + place) * inner
        indices.append(contentsOf: first..<first + inner)
      }
    }
    table = IndexTable(inputShape: inputShape, outputShape: shape, indices: indices)
  }

  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    try self.init(
      inputShape: inputShape, dim: try attributes.integer("dim"), index: attributes.integers("index"))
  }
}

private let indexSelectSchema = OperatorSchema(
  "places along an axis, listed; one may stand there several times", .integers("dim", "the axis"),
  .integers("index", "the places"))
