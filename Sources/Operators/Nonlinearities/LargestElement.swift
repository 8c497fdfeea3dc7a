import LinearAlgebra

/// The largest element over the axes `dim`, as in `torch.amax`; equal ones share the gradient evenly, and a NaN
/// propagates. With `keepdim` the axes keep extents of 1; over all axes the shape is `[1]`.
public struct LargestElement: ExtremumReduction {
  public static let typeName = "amax"
  public static let schema = OperatorSchema(
    "the largest over axes; equal ones share the gradient",
    .axes, .keepdim)
  static let sign = 1

  /// The axes, counted from the end where they are negative.
  public let dim: [Int]
  /// Whether the value keeps these axes, with extents of 1.
  public let keepdim: Bool

  /// The largest element over some axes of a sample.
  ///
  /// - Throws: `InvalidConstants` where no axis is given.
  public init(dim: IntegerList, keepdim: Bool = false) throws(InvalidConstants) {
    self.dim = try namedAxes(dim)
    self.keepdim = keepdim
  }
}
