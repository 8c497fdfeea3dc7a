import LinearAlgebra

/// Zeros around a tensor, as in `torch.nn.functional.pad`; a negative number crops instead.
///
/// `padding` has two integers for each axis: those before all axes in their order, then those after them.
public struct Pad<S: Scalar>: IndexMap {
  public static var typeName: String { "pad" }
  public static var schema: OperatorSchema { padSchema }

  /// The zeros before all axes in their order, then those after them; negative ones crop.
  public let padding: [Int]
  public let table: IndexTable

  public var attributes: Attributes { ["padding": .integers(padding)] }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { Pad<T>(padding: padding, table: table) }
}

extension Pad {
  /// The map that puts zeros around samples of this shape: before all axes in their order, then after them.
  ///
  /// - Throws: `InvalidConstants` where there are not two numbers for each axis, or no element remains.
  public init(inputShape: [Int], padding: [Int]) throws(InvalidConstants) {
    try checkedSize("input", inputShape)
    self.padding = padding
    let rank = inputShape.count
    guard padding.count == 2 * rank else {
      throw InvalidConstants("padding: expected \(2 * rank) integers, found \(padding.count)")
    }
    guard padding.allSatisfy({ (-TensorSize.maximum...TensorSize.maximum).contains($0) }) else {
      throw InvalidConstants("padding: expected up to \(TensorSize.maximum) zeros, found \(padding)")
    }
    let shape = (0..<rank).map { inputShape[$0] + padding[$0] + padding[rank + $0] }
    try checkedSize("padding", shape)
    // For each output, axis by axis, its position in the input.
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
    table = IndexTable(inputShape: inputShape, outputShape: shape, indices: indices)
  }

  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    try self.init(inputShape: inputShape, padding: attributes.integers("padding"))
  }
}

private let padSchema = OperatorSchema(
  "zeros around x",
  .integers("padding", "a number for each axis before, then one for each behind; negative ones crop"))
