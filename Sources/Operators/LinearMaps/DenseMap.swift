import LinearAlgebra

/// A dense matrix as a linear map; the matrix is its parameter, `[outputs][inputs]` as in `torch.nn.Linear`.
public struct DenseMap<S: Scalar>: LinearMap {
  /// The matrix A, `[outputSize, inputSize]`.
  public let weight: Matrix<S>

  /// The map `x ↦ A x`.
  public init(_ weight: Matrix<S>) {
    self.weight = weight
  }

  public static var typeName: String { "matrix" }

  public init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    guard let parameter, parameter.shape.count == 2 else {
      throw InvalidConstants(
        "weight: expected a matrix, found \(parameter.map { "shape \($0.shape)" } ?? "none")")
    }
    let (rows, columns) = (parameter.shape[0], parameter.shape[1])
    let size = try checkedSize("input", inputShape)
    guard columns == size else {
      throw InvalidConstants("weight: expected rows of \(size) numbers, found \(columns)")
    }
    guard rows > 0 else { throw InvalidConstants("weight: expected at least one row, found none") }
    self.init(Matrix(rows: rows, columns: columns, elements: parameter.elements))
  }

  public var inputShape: [Int] { [weight.columns] }
  public var outputShape: [Int] { [weight.rows] }
  public var inputSize: Int { weight.columns }
  public var outputSize: Int { weight.rows }
  public var parameter: Tensor<S>? { Tensor(weight) }
  public var matrix: Matrix<S> { weight }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) {
    p.add(x, timesTransposed: weight)
  }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) {
    e.add(g, times: weight)
  }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? {
    var gradient = Matrix<S>(rows: outputSize, columns: inputSize)
    gradient.add(transposed: g, times: x)
    return Tensor(gradient)
  }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) {
    for (column, value) in weight.row(row).enumerated() { body(column, value) }
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    DenseMap<T>(weight.cast(to: type))
  }
}
