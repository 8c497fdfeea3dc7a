import LinearAlgebra

/// An elementwise nonlinearity of two ports of the same shape, `z_i = f(p_i, q_i)`, without attributes.
///
/// A conforming type defines f and its derivatives for one pair of numbers, in any precision; the functions of whole
/// buffers are derived.
public protocol ElementwisePair: Nonlinearity, ElementwisePairFunction {
  /// The function.
  init()

  /// f(p, q).
  func value<S: Scalar>(_ p: S, _ q: S) -> S

  /// ∂f/∂p and ∂f/∂q; where they do not exist, as PyTorch's autograd defines them.
  func derivatives<S: Scalar>(_ p: S, _ q: S) -> (S, S)
}

extension ElementwisePair {
  public static var inputCount: Int { 2 }
  public var attributes: Attributes { [:] }

  public init(attributes: Attributes) throws(InvalidConstants) {
    self.init()
  }

  public func outputShape(portShapes: [[Int]]) -> [Int]? {
    portShapes.count == 2 && portShapes[0] == portShapes[1] ? portShapes[0] : nil
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    var z = ports[0]
    z.elements.withUnsafeMutableBufferPointer { p in
      ports[1].elements.withUnsafeBufferPointer { S.evaluate(self, on: p, with: $0) }
    }
    return z
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    var (left, right) = (ports[0], ports[1])
    left.elements.withUnsafeMutableBufferPointer { p in
      right.elements.withUnsafeMutableBufferPointer { q in
        cotangent.elements.withUnsafeBufferPointer { S.multiplyDerivatives(of: self, at: p, q, by: $0) }
      }
    }
    return [left, right]
  }

  public func evaluate(on p: UnsafeMutableBufferPointer<Double>, with q: UnsafeBufferPointer<Double>) {
    for index in p.indices { p[index] = value(p[index], q[index]) }
  }

  public func evaluate(on p: UnsafeMutableBufferPointer<Float>, with q: UnsafeBufferPointer<Float>) {
    for index in p.indices { p[index] = value(p[index], q[index]) }
  }

  public func multiplyDerivatives(
    at p: UnsafeMutableBufferPointer<Double>, _ q: UnsafeMutableBufferPointer<Double>,
    by g: UnsafeBufferPointer<Double>
  ) {
    for index in g.indices {
      let (left, right) = derivatives(p[index], q[index])
      (p[index], q[index]) = (g[index] * left, g[index] * right)
    }
  }

  public func multiplyDerivatives(
    at p: UnsafeMutableBufferPointer<Float>, _ q: UnsafeMutableBufferPointer<Float>,
    by g: UnsafeBufferPointer<Float>
  ) {
    for index in g.indices {
      let (left, right) = derivatives(p[index], q[index])
      (p[index], q[index]) = (g[index] * left, g[index] * right)
    }
  }
}
