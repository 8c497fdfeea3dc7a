import LinearAlgebra

/// An elementwise nonlinearity `z_i = σ(p_i)`: one port, as large as the block.
///
/// At a point where σ has no derivative, σ' is what PyTorch's autograd returns there. A conforming type is a
/// `VectorActivation`, computed in vectors, or a `ScalarActivation`, which defines σ and σ' for one number.
public protocol Activation: Nonlinearity, ElementwiseFunction {
  /// Whether networks use it as an activation: it is defined on all of R and grows moderately, so that networks stay
  /// finite. Random test networks use only these. False for functions such as `log` and `reciprocal`.
  static var isActivation: Bool { get }
}

extension Activation {
  public static var isActivation: Bool { true }

  public func outputShape(portShapes: [[Int]]) -> [Int]? {
    portShapes.count == 1 ? portShapes[0] : nil
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    image(of: ports, under: self)
  }

  public func vjp<S: Scalar>(
    _ cotangent: consuming Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]
  ) -> [Matrix<S>] {
    pulledBack(cotangent, through: self, at: ports)
  }
}

/// σ of the first port. It is a separate function so that it is specialised for each precision.
@specialized(where S == Double)
@specialized(where S == Float)
private func image<S: Scalar>(of ports: [Matrix<S>], under function: any ElementwiseFunction) -> Matrix<S> {
  Matrix(rows: ports[0].rows, columns: ports[0].columns) { z in
    ports[0].elements.withUnsafeBufferPointer { S.evaluate(function, at: $0, into: z) }
  }
}

/// The cotangent times σ' at the first port, in place if the cotangent's storage is not shared.
@specialized(where S == Double)
@specialized(where S == Float)
private func pulledBack<S: Scalar>(
  _ cotangent: consuming Matrix<S>, through function: any ElementwiseFunction, at ports: [Matrix<S>]
) -> [Matrix<S>] {
  cotangent.elements.withUnsafeMutableBufferPointer { g in
    ports[0].elements.withUnsafeBufferPointer { S.multiplyByDerivative(of: function, at: $0, into: g) }
  }
  return [cotangent]
}

/// An activation that is computed in vectors.
public protocol VectorActivation: Activation {
  /// σ and σ'.
  var function: VectorFunction { get }
}

extension VectorActivation {
  public func evaluate(at p: UnsafeBufferPointer<Double>, into z: UnsafeMutableBufferPointer<Double>) {
    function.evaluate(at: p, into: z)
  }

  public func evaluate(at p: UnsafeBufferPointer<Float>, into z: UnsafeMutableBufferPointer<Float>) {
    function.evaluate(at: p, into: z)
  }

  public func multiplyByDerivative(
    at p: UnsafeBufferPointer<Double>, into g: UnsafeMutableBufferPointer<Double>
  ) {
    function.multiplyByDerivative(at: p, into: g)
  }

  public func multiplyByDerivative(
    at p: UnsafeBufferPointer<Float>, into g: UnsafeMutableBufferPointer<Float>
  ) {
    function.multiplyByDerivative(at: p, into: g)
  }
}

/// An activation that defines σ and σ' for one number, in any precision; the functions of whole buffers are derived.
public protocol ScalarActivation: Activation {
  /// σ(p).
  func value<S: Scalar>(_ p: S) -> S

  /// σ'(p).
  func derivative<S: Scalar>(_ p: S) -> S
}

extension ScalarActivation {
  public func evaluate(at p: UnsafeBufferPointer<Double>, into z: UnsafeMutableBufferPointer<Double>) {
    for index in p.indices { z[index] = value(p[index]) }
  }

  public func evaluate(at p: UnsafeBufferPointer<Float>, into z: UnsafeMutableBufferPointer<Float>) {
    for index in p.indices { z[index] = value(p[index]) }
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
  public var attributes: Attributes { [:] }

  public init(attributes: Attributes) throws(InvalidConstants) {
    self.init()
  }
}
