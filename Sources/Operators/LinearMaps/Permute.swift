import LinearAlgebra

/// The axes in another order, as in `torch.permute`: axis i of the value is axis `dims[i]` of what is read.
public struct Permute<S: Scalar>: IndexMap {
  public static var typeName: String { "permute" }
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("dims")]
  }

  public let table: IndexTable

  public init(table: IndexTable) {
    self.table = table
  }

  public static func table(inputShape: [Int], constants: [Constant]) throws(InvalidConstants) -> IndexTable {
    let dims = try distinctAxes("dims", constants.integers(0), rank: inputShape.count)
    guard dims.count == inputShape.count else {
      throw InvalidConstants(
        "dims: expected the axes 0 to \(inputShape.count - 1) in some order, found \(constants.integers(0))")
    }
    let steps = strides(of: inputShape)
    let shape = dims.map { inputShape[$0] }
    return IndexTable(
      inputShape: inputShape, outputShape: shape, constants: constants,
      indices: positions(shape: shape, steps: dims.map { steps[$0] }))
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { Permute<T>(table: table) }
}
