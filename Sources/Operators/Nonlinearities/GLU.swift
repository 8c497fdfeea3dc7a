import LinearAlgebra

/// The gated linear unit `a ⊙ σ(b)` of the two halves a and b of a tensor along the axis `dim`, σ the logistic
/// function, as in `torch.nn.GLU` (Dauphin et al. 2017).
public struct GLU: Nonlinearity {
  public static let typeName = "glu"
  public static let schema = OperatorSchema(
    "a ⊙ sigmoid(b) of the two halves of p along an axis of even extent", .axis)

  /// The axis, counted from the end where it is negative.
  public let dim: Int

  /// The unit that splits an axis of a sample into halves.
  public init(dim: Int = -1) {
    self.dim = dim
  }

  public init(attributes: Attributes) throws(InvalidConstants) {
    self.init(dim: try attributes.integer("dim"))
  }

  public var attributes: Attributes { ["dim": .integers([dim])] }

  public func outputShape(portShapes: [[Int]]) -> [Int]? {
    guard portShapes.count == 1, let axis = try? axis("dim", dim, rank: portShapes[0].count),
      portShapes[0][axis] % 2 == 0
    else { return nil }
    var shape = portShapes[0]
    shape[axis] /= 2
    return shape
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    let halves: (first: Slice<S>, second: Slice<S>) = halves(of: shapes[0])
    let (a, b) = (halves.first.value(of: ports[0]), halves.second.value(of: ports[0]))
    let gate = Sigmoid().value(at: [b], shapes: [[b.columns]])
    return Product().value(at: [a, gate], shapes: [[a.columns], [a.columns]])
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    let halves: (first: Slice<S>, second: Slice<S>) = halves(of: shapes[0])
    let (a, b) = (halves.first.value(of: ports[0]), halves.second.value(of: ports[0]))
    let gate = Sigmoid().value(at: [b], shapes: [[b.columns]])
    let products = Product().vjp(cotangent, at: [a, gate], shapes: [[a.columns], [a.columns]])
    let ofGate = Sigmoid().vjp(products[1], at: [b], shapes: [[b.columns]])[0]
    var g = halves.first.transposedValue(of: products[0])
    halves.second.addTransposed(of: ofGate, to: &g)
    return [g]
  }

  /// The maps from a port of this shape, which the unit accepts, to its halves.
  public func halves<S: Scalar>(of shape: [Int]) -> (first: Slice<S>, second: Slice<S>) {
    let extent = shape[dim < 0 ? dim + shape.count : dim]
    guard let first = try? Slice<S>(inputShape: shape, dim: dim, end: extent / 2),
      let second = try? Slice<S>(inputShape: shape, dim: dim, start: extent / 2, end: extent)
    else { preconditionFailure("a port that has no halves") }
    return (first, second)
  }
}
