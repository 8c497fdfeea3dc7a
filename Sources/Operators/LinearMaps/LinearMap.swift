import LinearAlgebra

/// A linear map `x ↦ A x`, applied to a batch: the linear half of every operator.
///
/// A matrix is one of many: whatever can say its value, its transpose and its entries is a linear map.
/// A map carries at most one parameter; a map without one (a skip connection's identity) has none to train.
public protocol LinearMap<S>: Sendable {
  /// The precision of its numbers.
  associatedtype S: Scalar

  /// The name in files: `matrix`, `conv`, ….
  static var typeName: String { get }

  /// What it does, and which attributes it has.
  static var schema: OperatorSchema { get }

  /// The map of samples of this shape, with this parameter and these attributes, which `schema` has checked: all, and
  /// each of its kind.
  ///
  /// - Throws: `InvalidConstants` where they do not fit each other.
  init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants)

  /// The values of its attributes.
  var attributes: Attributes { get }

  /// The shape of one sample of what the map reads.
  var inputShape: [Int] { get }

  /// The shape of one sample of what the map returns.
  var outputShape: [Int] { get }

  /// The numbers that a user trains, in their own shape; nil for a map that has none.
  var parameter: Tensor<S>? { get }

  /// The shape of the bias that goes with the map in files: `[outputs]` of a convolution; of a map that has no usual
  /// bias the whole output.
  var biasShape: [Int] { get }

  /// For each axis of the bias the axis of the output along which it lies: what `expand` is told as `dim`.
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

  /// Calls `body` with everything that the entries of one row are the sums of, in exact arithmetic: whoever must not
  /// round asks for these, since `forEachEntry` rounds quotients and products.
  ///
  /// Says nothing of what is structurally zero; a column may come several times.
  func forEachSummand(inRow row: Int, _ body: (EntrySummand) -> Void)

  /// How many multiplications one sample costs: the number of entries that are not structurally zero, or a little more
  /// where a map does not look at what lies in its padding. `inputSize × outputSize` for a map that does not say.
  var multiplications: Int { get }

  /// The map written out as a dense matrix, `[outputSize, inputSize]`.
  var matrix: Matrix<S> { get }

  /// Whether the other map is the same operator with the same attributes and the same parameter, bit by bit.
  ///
  /// May say no of two maps that have the same entries, never yes of two that have not.
  func isIdentical(to other: any LinearMap<S>) -> Bool

  /// The same map in another precision, every number rounded to nearest.
  func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T>
}

extension LinearMap {
  /// The map of samples of this shape, with this parameter and these attributes, all others at their defaults.
  ///
  /// - Throws: `InvalidConstants` where an attribute is missing, unknown or of another kind, or they do not fit each
  ///   other.
  public init(
    inputShape: [Int], parameter: Tensor<S>? = nil, _ given: [String: Constant]
  ) throws(InvalidConstants) {
    try self.init(inputShape: inputShape, parameter: parameter, attributes: try Self.schema.attributes(given))
  }

  /// Whether the map carries numbers that are trained.
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

  /// The number of columns of A: the size of what the map reads.
  public var inputSize: Int { inputShape.reduce(1, *) }

  /// The number of rows of A: the size of what the map returns.
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
