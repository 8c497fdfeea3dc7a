import LinearAlgebra

/// An elementwise nonlinearity `z_i = σ(p_i)`: one port, as large as the block.
///
/// A conforming type says σ and σ' for one number, in any precision; whole buffers follow from that.
/// At a point where σ has no derivative, `derivative` is what PyTorch's autograd returns there.
public protocol Activation: Nonlinearity, ElementwiseFunction {
  /// Whether networks use it as an activation: it is defined and of moderate growth on all of R, so that networks of it
  /// stay finite; what is drawn at random for tests is one of these. False for functions such as `log` and `reciprocal`.
  static var isActivation: Bool { get }

  /// σ(p).
  func value<S: Scalar>(_ p: S) -> S

  /// σ'(p).
  func derivative<S: Scalar>(_ p: S) -> S
}

extension Activation {
  public static var isActivation: Bool { true }

  public func outputShape(portShapes: [[Int]]) -> [Int]? {
    portShapes.count == 1 ? portShapes[0] : nil
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    var z = ports[0]
    z.elements.withUnsafeMutableBufferPointer { S.evaluate(self, on: $0) }
    return z
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    var g = cotangent
    g.elements.withUnsafeMutableBufferPointer { g in
      ports[0].elements.withUnsafeBufferPointer { S.multiplyByDerivative(of: self, at: $0, into: g) }
    }
    return [g]
  }

  public func evaluate(on p: UnsafeMutableBufferPointer<Double>) {
    for index in p.indices { p[index] = value(p[index]) }
  }

  public func evaluate(on p: UnsafeMutableBufferPointer<Float>) {
    for index in p.indices { p[index] = value(p[index]) }
  }

  public func multiplyByDerivative(
    at p: UnsafeBufferPointer<Double>, into g: UnsafeMutableBufferPointer<Double>
  ) {
    for index in g.indices { g[index] *= derivative(p[index]) }
  }

  public func multiplyByDerivative(
    at p: UnsafeBufferPointer<Float>, into g: UnsafeMutableBufferPointer<Float>
  ) {
    for index in g.indices { g[index] *= derivative(p[index]) }
  }
}

/// An activation without constants.
public protocol PlainActivation: Activation {
  /// The activation.
  init()
}

extension PlainActivation {
  public var constants: [Constant] { [] }

  public init(constants: [Constant]) throws(InvalidConstants) {
    self.init()
  }
}

/// The logistic function `1 / (1 + e^−p)`, without overflow on either side.
func logistic<S: Scalar>(_ p: S) -> S {
  if p >= 0 { return 1 / (1 + S.exp(-p)) }
  let e = S.exp(p)
  return e / (1 + e)
}
