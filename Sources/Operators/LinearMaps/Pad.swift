import LinearAlgebra

/// Zeros around a tensor, as in `torch.nn.functional.pad`; a negative number takes away as many instead.
///
/// `padding` has two integers for each axis: those before all axes in their order, then those behind them.
public struct Pad<S: Scalar>: IndexMap {
  public static var typeName: String { "pad" }
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("padding")]
  }

  public let table: IndexTable

  public init(table: IndexTable) {
    self.table = table
  }

  public static func table(inputShape: [Int], constants: [Constant]) throws(InvalidConstants) -> IndexTable {
    let (padding, rank) = (constants.integers(0), inputShape.count)
    guard padding.count == 2 * rank else {
      throw InvalidConstants("padding: expected \(2 * rank) integers, found \(padding.count)")
    }
    guard padding.allSatisfy({ (-TensorSize.maximum...TensorSize.maximum).contains($0) }) else {
      throw InvalidConstants("padding: expected up to \(TensorSize.maximum) zeros, found \(padding)")
    }
    let shape = (0..<rank).map { inputShape[$0] + padding[$0] + padding[rank + $0] }
    try checkedSize("padding", shape)
    // Output by output, axis by axis: where it lies in what is read.
    let steps = strides(of: inputShape)
    var indices = [0]
    for axis in 0..<rank {
      indices = indices.flatMap { base in
        (-padding[axis]..<shape[axis] - padding[axis]).map { coordinate in
          base >= 0 && (0..<inputShape[axis]).contains(coordinate)
            ? base + coordinate * steps[axis] : -1
        }
      }
    }
    return IndexTable(inputShape: inputShape, outputShape: shape, constants: constants, indices: indices)
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { Pad<T>(table: table) }
}
