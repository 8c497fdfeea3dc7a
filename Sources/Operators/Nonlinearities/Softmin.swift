import LinearAlgebra

/// `z_i = e^{−p_i} / Σ_j e^{−p_j}` along the axis `dim` of a sample, as in `torch.nn.Softmin`: the softmax of −p.
public struct Softmin: LineTransform {
  public static let typeName = "softmin"
  public static let schema = OperatorSchema("e⁻ᵖ divided by its sum along an axis", .axis)

  /// The axis, counted from the end where it is negative.
  public let dim: Int

  /// The softmin along an axis of a sample.
  public init(dim: Int = -1) {
    self.dim = dim
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    Softmax(dim: dim).value(at: [negative(ports[0])], shapes: shapes)
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    Softmax(dim: dim).vjp(cotangent, at: [negative(ports[0])], shapes: shapes).map(negative)
  }

  private func negative<S: Scalar>(_ p: Matrix<S>) -> Matrix<S> {
    Multiply([p.columns], factor: -1).value(of: p)
  }
}
