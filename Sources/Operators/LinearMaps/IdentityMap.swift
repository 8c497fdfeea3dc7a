import LinearAlgebra

/// `x ↦ x`: a skip connection, or the input of a nonlinearity that is a layer of its own.
public struct IdentityMap<S: Scalar>: LinearMap {
  public static var typeName: String { "identity" }
  public static var schema: OperatorSchema { identitySchema }
  public let inputShape: [Int]

  /// The identity of samples of this shape.
  public init(_ shape: [Int]) {
    inputShape = shape
  }

  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    try checkedSize("input", inputShape)
    self.init(inputShape)
  }

  public var outputShape: [Int] { inputShape }
  public var parameter: Tensor<S>? { nil }
  public var multiplications: Int { outputSize }

  public func value(of x: Matrix<S>) -> Matrix<S> { x }

  public func transposedValue(of g: Matrix<S>) -> Matrix<S> { g }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) { p.add(x) }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) { e.add(g) }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? { nil }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) { body(row, 1) }

  public func forEachSummand(inRow row: Int, _ body: (EntrySummand) -> Void) {
    body(EntrySummand(column: row))
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { IdentityMap<T>(inputShape) }
}

private let identitySchema = OperatorSchema("x itself: a skip connection")
