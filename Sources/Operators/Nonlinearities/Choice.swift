import LinearAlgebra

/// `p` where the condition is not 0, else `q`, as in `torch.where`; ports: the condition, p, q. The element that is not
/// chosen has no effect, even if it is NaN, and no gradient.
public struct Choice: Nonlinearity {
  public static let typeName = "where"
  public static let schema = OperatorSchema("q where p is not 0, else the third port")
  public static let inputCount = 3

  /// The choice.
  public init() {}

  public init(attributes: Attributes) throws(InvalidConstants) {}

  public var attributes: Attributes { [:] }
  public var isContinuous: Bool { false }
  public func jumpDistance(_ ports: [Double]) -> Double { abs(ports[0]) }

  public func outputShape(portShapes: [[Int]]) -> [Int]? {
    portShapes.count == 3 && portShapes.allSatisfy { $0 == portShapes[0] } ? portShapes[0] : nil
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    var z = ports[1]
    choose(ports[0].elements, else: ports[2].elements, in: &z.elements)
    return z
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    let zeros = Matrix<S>(rows: cotangent.rows, columns: cotangent.columns)
    var (first, second) = (cotangent, zeros)
    choose(ports[0].elements, else: zeros.elements, in: &first.elements)
    choose(ports[0].elements, else: cotangent.elements, in: &second.elements)
    return [zeros, first, second]
  }
}

/// Replaces the elements whose condition is 0.
@specialized(where S == Double)
@specialized(where S == Float)
private func choose<S: Scalar>(_ condition: [S], else other: [S], in elements: inout [S]) {
  for index in elements.indices where condition[index] == 0 { elements[index] = other[index] }
}
