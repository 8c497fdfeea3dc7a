import LinearAlgebra

/// The smallest element over the axes `dim`, as in `torch.amin`; equal ones share the gradient evenly, and a NaN
/// propagates. With `keepdim` the axes keep extents of 1; over all axes the shape is `[1]`.
public struct SmallestElement: LineReduction {
  public static let typeName = "amin"
  public static let schema = OperatorSchema(
    "the smallest over axes; equal ones share the gradient",
    .axes, .keepdim)

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

  public var isPiecewiseLinear: Bool { true }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    let lines = lines(shapes[0])
    var z = Matrix<S>(rows: ports[0].rows, columns: lines.starts.count)
    findLargest(of: ports[0].elements, times: -1, lines, samples: z.rows, into: &z.elements)
    return z
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    let z = value(at: ports, shapes: shapes)
    var g = ports[0]
    shareEvenly(&g.elements, cotangent.elements, z.elements, lines(shapes[0]), samples: g.rows)
    return [g]
  }
}
