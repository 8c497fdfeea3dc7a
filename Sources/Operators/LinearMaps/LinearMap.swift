import LinearAlgebra

/// A linear map `x ↦ A x`, applied to a batch: the linear half of every operator.
///
/// A matrix is one example: a linear map is anything that can compute its value, its transpose and its entries. A map
/// has at most one parameter; a skip connection's identity has none.
public protocol LinearMap<S>: Sendable {
  /// The precision of its numbers.
  associatedtype S: Scalar

  /// The name in files: `matrix`, `conv`, ….
  static var typeName: String { get }

  /// What it does, and which attributes it has.
  static var schema: OperatorSchema { get }

  /// The map of samples of this shape, with this parameter and these attributes, which are complete and of the kinds
  /// that `schema` requires.
  ///
  /// - Throws: `InvalidConstants` where they do not match.
  init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants)

  /// The values of its attributes.
  var attributes: Attributes { get }

  /// The shape of one sample of the input.
  var inputShape: [Int] { get }

  /// The shape of one sample of the output.
  var outputShape: [Int] { get }

  /// The numbers that a user trains, in their own shape; nil for a map without a parameter.
  var parameter: Tensor<S>? { get }

  /// The shape of the bias that goes with the map in files: `[outputs]` of a convolution; for a map without a usual
  /// bias, the output's shape.
  var biasShape: [Int] { get }

  /// For each axis of the bias the axis of the output that it is aligned with: the `dim` of `expand`.
  var biasDims: [Int] { get }

  /// `A x` of every sample: x is `[batch, inputSize]`, the result `[batch, outputSize]`.
  func value(of x: Matrix<S>) -> Matrix<S>

  /// `Aᵀ g` of every sample: g is `[batch, outputSize]`, the result `[batch, inputSize]`.
  func transposedValue(of g: Matrix<S>) -> Matrix<S>

  /// Adds `A x` of every sample to `p`: x is `[batch, inputSize]`, p is `[batch, outputSize]`.
  func add(of x: Matrix<S>, to p: inout Matrix<S>)

  /// Adds `Aᵀ g` of every sample to `e`: g is `[batch, outputSize]`, e is `[batch, inputSize]`.
  func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>)

  /// The gradient of `Σ ⟨g, A x⟩` over the samples with respect to the parameter, in the parameter's shape.
  func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>?

  /// Calls `body` with the column and the value of the entries of one row that are not structurally zero,
  /// by ascending column, each column once.
  func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void)

  /// Calls `body` with the summands of the entries of one row, as exact numbers. Exact computations need these, since
  /// `forEachEntry` rounds quotients and products.
  ///
  /// Structural zeros are left out; a column may occur several times.
  func forEachSummand(inRow row: Int, _ body: (EntrySummand) -> Void)

  /// The number of multiplications for one sample: the number of structurally nonzero entries, or slightly more where a
  /// map also counts its padding. By default `inputSize × outputSize`.
  var multiplications: Int { get }

  /// The map as a dense matrix, `[outputSize, inputSize]`.
  var matrix: Matrix<S> { get }

  /// Whether the other map is the same operator with the same attributes and the same parameter, bit by bit.
  ///
  /// May be false for two maps with the same entries, but is never true for two with different ones.
  func isIdentical(to other: any LinearMap<S>) -> Bool

  /// The same map in another precision, every number rounded to nearest.
  func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T>
}

extension LinearMap {
  /// The map of samples of this shape, with this parameter and these attributes, all others at their defaults.
  ///
  /// - Throws: `InvalidConstants` where an attribute is missing, unknown or of another kind, or they do not match.
  public init(
    inputShape: [Int], parameter: Tensor<S>? = nil, _ given: [String: Constant]
  ) throws(InvalidConstants) {
    try self.init(inputShape: inputShape, parameter: parameter, attributes: try Self.schema.attributes(given))
  }

  /// Whether the map has a trainable parameter.
  public static var hasParameter: Bool { schema.weight != nil }

  public var attributes: Attributes { [:] }
  public var biasShape: [Int] { outputShape }
  public var biasDims: [Int] { Array(outputShape.indices) }

  public func value(of x: Matrix<S>) -> Matrix<S> {
    var p = Matrix<S>(rows: x.rows, columns: outputSize)
    add(of: x, to: &p)
    return p
  }

  public func transposedValue(of g: Matrix<S>) -> Matrix<S> {
    var e = Matrix<S>(rows: g.rows, columns: inputSize)
    addTransposed(of: g, to: &e)
    return e
  }

  /// The number of columns of A: the size of the input.
  public var inputSize: Int { inputShape.reduce(1, *) }

  /// The number of rows of A: the size of the output.
  public var outputSize: Int { outputShape.reduce(1, *) }

  public var multiplications: Int { inputSize * outputSize }

  /// The shape of `parameter`.
  public var parameterShape: [Int]? { parameter?.shape }

  public func isIdentical(to other: any LinearMap<S>) -> Bool {
    guard type(of: other).typeName == Self.typeName, other.inputShape == inputShape,
      other.attributes == attributes
    else { return false }
    switch (parameter, other.parameter) {
    case (nil, nil): return true
    case (let ours?, let theirs?): return ours.isIdentical(to: theirs)
    default: return false
    }
  }

  public var matrix: Matrix<S> {
    var matrix = Matrix<S>(rows: outputSize, columns: inputSize)
    for row in 0..<outputSize {
      forEachEntry(inRow: row) { column, value in matrix[row, column] = value }
    }
    return matrix
  }
}
