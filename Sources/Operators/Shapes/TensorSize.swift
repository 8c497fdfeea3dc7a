import LinearAlgebra

/// The limits on sizes that a file or an operator's constants declare without containing the numbers.
public enum TensorSize {
  /// The largest number of coordinates of one sample of a value, an input or a state: 512 MB. A larger size is a
  /// mistake or an attack, and its allocation would fail.
  public static let maximum = 1 << 26

  /// The largest number of axes of a tensor, as in PyTorch.
  public static let maximumRank = 64
}

/// The number of coordinates of a tensor of `shape`.
///
/// - Throws: `InvalidConstants`, naming a constant, where an extent is not positive or there are more than
///   `TensorSize.maximum` coordinates or `TensorSize.maximumRank` axes.
@discardableResult
func checkedSize(_ name: String, _ shape: [Int]) throws(InvalidConstants) -> Int {
  guard shape.count <= TensorSize.maximumRank else {
    throw InvalidConstants("\(name): expected up to \(TensorSize.maximumRank) axes, found \(shape.count)")
  }
  guard let size = checkedProduct(shape, atMost: TensorSize.maximum), size > 0 else {
    throw InvalidConstants(
      "\(name): expected positive extents of at most \(TensorSize.maximum) numbers, found \(shape)")
  }
  return size
}
