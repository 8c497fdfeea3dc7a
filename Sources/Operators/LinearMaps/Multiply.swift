import LinearAlgebra

/// `x ↦ factor·x` with a constant factor: negation, attention's `1/√d`.
public struct Multiply<S: Scalar>: LinearMap {
  public static var typeName: String { "multiply" }
  public static var schema: OperatorSchema { multiplySchema }

  public let inputShape: [Int]
  /// The factor.
  public let factor: Double
  /// The factor in this precision.
  private let rounded: S

  /// The map of samples of this shape.
  public init(_ shape: [Int], factor: Double) {
    inputShape = shape
    self.factor = factor
    rounded = S(factor)
  }

  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    try checkedSize("input", inputShape)
    self.init(inputShape, factor: attributes.number("factor"))
  }

  public var attributes: Attributes { ["factor": .number(factor)] }
  public var outputShape: [Int] { inputShape }
  public var parameter: Tensor<S>? { nil }
  public var multiplications: Int { outputSize }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) { p.add(x, scaledBy: rounded) }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) { e.add(g, scaledBy: rounded) }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? { nil }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) { body(row, rounded) }

  public func forEachSummand(inRow row: Int, _ body: (EntrySummand) -> Void) {
    body(EntrySummand(column: row, factor: factor))
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    Multiply<T>(inputShape, factor: factor)
  }
}

private let multiplySchema = OperatorSchema("factor · x", .number("factor", "the factor"))
