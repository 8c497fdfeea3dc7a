import LinearAlgebra

/// The mean over the axes `dim`, as in `torch.mean`; with `keepdim` they stay with extents of 1. The mean over all axes
/// has shape `[1]`. Global average pooling is the mean over the spatial axes.
public struct Mean<S: Scalar>: Reduction {
  public static var typeName: String { "mean" }
  public let summation: Summation<S>

  public init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    summation = try Summation(inputShape: inputShape, constants: constants, isMean: true)
  }

  private init(_ summation: Summation<S>) {
    self.summation = summation
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { Mean<T>(summation.cast(to: type)) }
}
