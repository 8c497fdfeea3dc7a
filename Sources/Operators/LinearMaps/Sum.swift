import LinearAlgebra

/// The sum over the axes `dim`, as in `torch.sum`; with `keepdim` they keep extents of 1. The sum over all axes has
/// shape `[1]`.
public struct Sum<S: Scalar>: Reduction {
  public static var typeName: String { "sum" }
  public static var schema: OperatorSchema { sumSchema }
  public let summation: Summation<S>

  /// The sum over the axes `dim` of samples of this shape; with `keepdim` they keep extents of 1.
  ///
  /// - Throws: `InvalidConstants` where no axis is given, or one that the samples do not have.
  public init(inputShape: [Int], dim: IntegerList, keepdim: Bool = false) throws(InvalidConstants) {
    summation = try Summation(inputShape: inputShape, dim: dim.values, keepdim: keepdim, isMean: false)
  }

  private init(_ summation: Summation<S>) {
    self.summation = summation
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { Sum<T>(summation.cast(to: type)) }
}

private let sumSchema = OperatorSchema("the sum over axes", .axes, .keepdim)
