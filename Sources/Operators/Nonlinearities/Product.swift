import LinearAlgebra

/// `z = p_1 ⊙ p_2`: gates, and attention weights.
public struct Product: Nonlinearity {
  public static let typeName = "product"
  public let constants: [Constant] = []

  public init(constants: [Constant]) throws(InvalidConstants) {}

  public func outputShape(portShapes: [[Int]]) -> [Int]? {
    portShapes.count == 2 && portShapes[0] == portShapes[1] ? portShapes[0] : nil
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    ports[0].timesElementwise(ports[1])
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    [cotangent.timesElementwise(ports[1]), cotangent.timesElementwise(ports[0])]
  }
}

/// `z = p_1 / p_2`, elementwise.
public struct Quotient: Nonlinearity {
  public static let typeName = "quotient"
  public let constants: [Constant] = []

  public init(constants: [Constant]) throws(InvalidConstants) {}

  public func outputShape(portShapes: [[Int]]) -> [Int]? {
    portShapes.count == 2 && portShapes[0] == portShapes[1] ? portShapes[0] : nil
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    ports[0].combined(with: ports[1]) { $0 / $1 }
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    let ofNumerator = cotangent.combined(with: ports[1]) { $0 / $1 }
    let ofDenominator = ofNumerator.timesElementwise(value(at: ports, shapes: shapes)).combined(
      with: cotangent
    ) { a, _ in -a }
    return [ofNumerator, ofDenominator]
  }
}

/// `z = max(p_1, 0) + p_2 ⊙ min(p_1, 0)`: PReLU, whose slopes are the second port; as in PyTorch the slope at 0 is `p_2`.
public struct PReLU: Nonlinearity {
  public static let typeName = "prelu"
  public let constants: [Constant] = []

  public init(constants: [Constant]) throws(InvalidConstants) {}

  public func outputShape(portShapes: [[Int]]) -> [Int]? {
    portShapes.count == 2 && portShapes[0] == portShapes[1] ? portShapes[0] : nil
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    ports[0].combined(with: ports[1]) { $0 > 0 ? $0 : $0 * $1 }
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    [
      cotangent.timesElementwise(ports[0].combined(with: ports[1]) { $0 > 0 ? 1 : $1 }),
      cotangent.timesElementwise(ports[0].combined(with: ports[1]) { p, _ in p > 0 ? 0 : p }),
    ]
  }
}

extension Matrix {
  /// The elementwise product with a matrix of the same size.
  func timesElementwise(_ other: Matrix) -> Matrix { combined(with: other) { $0 * $1 } }

  /// A function of the elements of two matrices of the same size.
  func combined(with other: Matrix, _ function: (S, S) -> S) -> Matrix {
    Matrix(rows: rows, columns: columns, elements: zip(elements, other.elements).map { function($0, $1) })
  }
}
