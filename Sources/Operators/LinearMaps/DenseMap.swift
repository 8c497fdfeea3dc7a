import LinearAlgebra

/// A dense matrix as a linear map; the matrix is its parameter, `[outputs][inputs]` as in `torch.nn.Linear`.
public struct DenseMap<S: Scalar>: LinearMap {
  /// The matrix A, `[outputSize, inputSize]`.
  public let weight: Matrix<S>

  /// The map `x ↦ A x`.
  public init(_ weight: Matrix<S>) {
    self.weight = weight
  }

  public var inputSize: Int { weight.columns }
  public var outputSize: Int { weight.rows }
  public var parameter: Tensor<S>? { Tensor(weight) }
  public var parameterShape: [Int]? { [outputSize, inputSize] }
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

  public func isIdentical(to other: any LinearMap<S>) -> Bool {
    guard let other = other as? DenseMap<S>, (other.outputSize, other.inputSize) == (outputSize, inputSize)
    else {
      return false
    }
    return haveSameBits(weight.elements, other.weight.elements)
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    DenseMap<T>(weight.cast(to: type))
  }
}
