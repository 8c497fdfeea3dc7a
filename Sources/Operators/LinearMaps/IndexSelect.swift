import LinearAlgebra

/// The coordinates `index` of one axis, in their order, as in `torch.index_select`; one may occur several times.
public struct IndexSelect<S: Scalar>: IndexMap {
  public static var typeName: String { "index_select" }
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("dim"), .integers("index")]
  }

  public let table: IndexTable

  public init(table: IndexTable) {
    self.table = table
  }

  public static func table(inputShape: [Int], constants: [Constant]) throws(InvalidConstants) -> IndexTable {
    let axis = try axis("dim", constants.integers(0), rank: inputShape.count)
    let (index, extent) = (constants.integers(1), inputShape[axis])
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
    return IndexTable(inputShape: inputShape, outputShape: shape, constants: constants, indices: indices)
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { IndexSelect<T>(table: table) }
}
