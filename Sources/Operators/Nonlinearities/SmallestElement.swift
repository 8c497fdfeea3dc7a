import LinearAlgebra

/// The smallest element over the axes `dim`, as in `torch.amin`; equal ones share the gradient evenly, and a NaN
/// propagates. With `keepdim` the axes keep extents of 1; over all axes the shape is `[1]`.
public struct SmallestElement: ExtremumReduction {
  public static let typeName = "amin"
  public static let schema = OperatorSchema(
    "the smallest over axes; equal ones share the gradient",
    .axes, .keepdim)
  static let sign = -1

  /// The axes, counted from the end where they are negative.
  public let dim: [Int]
  /// Whether the value keeps these axes, with extents of 1.
  public let keepdim: Bool

  /// The smallest element over some axes of a sample.
  ///
  /// - Throws: `InvalidConstants` where no axis is given.
  public init(dim: IntegerList, keepdim: Bool = false) throws(InvalidConstants) {
    self.dim = try namedAxes(dim)
    self.keepdim = keepdim
  }
}
