import LinearAlgebra

/// A dense matrix as a linear map; the matrix is its parameter, `[outputs][inputs]` as in `torch.nn.Linear`.
public struct DenseMap<S: Scalar>: LinearMap {
  /// The matrix A as a tensor of shape `[outputSize, inputSize]`.
  private let tensor: Tensor<S>

  /// The map `x ↦ A x`.
  public init(_ weight: Matrix<S>) {
    tensor = Tensor(weight)
  }

  /// The map of a tensor of shape `[outputSize, inputSize]`.
  ///
  /// - Precondition: The tensor has two axes.
  public init(_ tensor: Tensor<S>) {
    precondition(tensor.shape.count == 2, "a matrix of shape \(tensor.shape)")
    self.tensor = tensor
  }

  /// The matrix A, `[outputSize, inputSize]`.
  public var weight: Matrix<S> {
    Matrix(rows: outputSize, columns: inputSize, elements: tensor.elements)
  }

  public static var typeName: String { "matrix" }
  public static var schema: OperatorSchema { denseSchema }

  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    guard let parameter, parameter.shape.count == 2 else {
      throw InvalidConstants(
        "weight: expected a matrix, found \(parameter.map { "shape \($0.shape)" } ?? "none")")
    }
    let size = try checkedSize("input", inputShape)
    guard parameter.shape[1] == size else {
      throw InvalidConstants("weight: expected rows of \(size) numbers, found \(parameter.shape[1])")
    }
    guard parameter.shape[0] > 0 else {
      throw InvalidConstants("weight: expected at least one row, found none")
    }
    self.init(parameter)
  }

  public var inputShape: [Int] { [inputSize] }
  public var outputShape: [Int] { [outputSize] }
  public var inputSize: Int { tensor.shape[1] }
  public var outputSize: Int { tensor.shape[0] }
  public var parameter: Tensor<S>? { tensor }
  public var matrix: Matrix<S> { weight }

  @specialized(where S == Double)
  @specialized(where S == Float)
  public func value(of x: Matrix<S>) -> Matrix<S> { .product(x, timesTransposed: weight) }

  @specialized(where S == Double)
  @specialized(where S == Float)
  public func transposedValue(of g: Matrix<S>) -> Matrix<S> { .product(g, times: weight) }

  @specialized(where S == Double)
  @specialized(where S == Float)
  public func add(of x: Matrix<S>, to p: inout Matrix<S>) {
    p.add(x, timesTransposed: weight)
  }

  @specialized(where S == Double)
  @specialized(where S == Float)
  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) {
    e.add(g, times: weight)
  }

  @specialized(where S == Double)
  @specialized(where S == Float)
  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? {
    Tensor(Matrix.product(transposed: g, times: x))
  }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) {
    let elements = tensor.elements
    for column in 0..<inputSize { body(column, elements[row * inputSize + column]) }
  }

  public func forEachSummand(inRow row: Int, _ body: (EntrySummand) -> Void) {
    for column in 0..<inputSize { body(EntrySummand(column: column, element: row * inputSize + column)) }
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    DenseMap<T>(tensor.cast(to: type))
  }
}

private let denseSchema = OperatorSchema(
  "a plain matrix, of whatever shape x has; said by the key `matrix`, or as a `dense` layer",
  weight: "[outputs][inputs]")
