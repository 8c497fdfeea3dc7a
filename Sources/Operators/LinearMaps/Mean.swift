import LinearAlgebra

/// The mean over the axes `dim`, as in `torch.mean`; with `keepdim` they keep extents of 1. The mean over all axes has
/// shape `[1]`. Global average pooling is the mean over the spatial axes.
public struct Mean<S: Scalar>: Reduction {
  public static var typeName: String { "mean" }
  public static var schema: OperatorSchema { meanSchema }
  public let summation: Summation<S>

  /// The mean over the axes `dim` of samples of this shape; with `keepdim` they keep extents of 1.
  ///
  /// - Throws: `InvalidConstants` where no axis is given, or one that the samples do not have.
  public init(inputShape: [Int], dim: IntegerList, keepdim: Bool = false) throws(InvalidConstants) {
    summation = try Summation(inputShape: inputShape, dim: dim.values, keepdim: keepdim, isMean: true)
  }

  private init(_ summation: Summation<S>) {
    self.summation = summation
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { Mean<T>(summation.cast(to: type)) }
}

private let meanSchema = OperatorSchema(
  "the mean over axes; over all spatial axes it is global average pooling", .axes, .keepdim)
