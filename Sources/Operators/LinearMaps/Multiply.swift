import LinearAlgebra

/// `x ↦ factor·x` with a constant factor: negation, attention's `1/√d`.
public struct Multiply<S: Scalar>: LinearMap {
  public static var typeName: String { "multiply" }
  public static var hasParameter: Bool { false }
  public static var constantDescriptions: [ConstantDescription] { [ConstantDescription("factor")] }

  public let inputShape: [Int]
  public let constants: [Constant]
  private let factor: S

  /// The map of samples of this shape.
  public init(_ shape: [Int], factor: Double) {
    inputShape = shape
    constants = [.number(factor)]
    self.factor = S(factor)
  }

  public init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    try checkedSize("input", inputShape)
    self.init(inputShape, factor: constants.number(0))
  }

  public var outputShape: [Int] { inputShape }
  public var parameter: Tensor<S>? { nil }
  public var multiplications: Int { outputSize }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) { p.add(x, scaledBy: factor) }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) { e.add(g, scaledBy: factor) }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? { nil }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) { body(row, factor) }

  public func forEachSummand(inRow row: Int, _ body: (EntrySummand) -> Void) {
    body(EntrySummand(column: row, factor: constants.number(0)))
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    Multiply<T>(inputShape, factor: constants.number(0))
  }
}
