import LinearAlgebra

/// The sum over the axes `dim`, as in `torch.sum`; with `keepdim` they stay with extents of 1. The sum over all axes
/// has shape `[1]`.
public struct Sum<S: Scalar>: Reduction {
  public static var typeName: String { "sum" }
  public let summation: Summation<S>

  public init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    summation = try Summation(inputShape: inputShape, constants: constants, isMean: false)
  }

  private init(_ summation: Summation<S>) {
    self.summation = summation
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { Sum<T>(summation.cast(to: type)) }
}
