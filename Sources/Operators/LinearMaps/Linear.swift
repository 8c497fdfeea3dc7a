import LinearAlgebra

/// A matrix applied along one axis of a tensor of any rank, the same at every index of the other axes:
/// `torch.nn.Linear` without the bias, where `dim` is the last axis; with `dim` −2 it is `W X`.
///
/// Reads `[…, inputs, …]`, returns `[…, outputs, …]`; weight `[outputs, inputs]`, or `[inputs, outputs]` if
/// `transposed`.
public struct Linear<S: Scalar>: LinearMap {
  public static var typeName: String { "linear" }
  public static var schema: OperatorSchema { linearSchema }

  public let inputShape: [Int]
  public let outputShape: [Int]
  /// The axis that the matrix is applied along, counted from the end where it is negative.
  public let dim: Int
  /// Whether the weight is `[inputs, outputs]`.
  public let transposed: Bool
  /// `[outputs, inputs]`, or transposed.
  public let weight: Tensor<S>
  private let axis: Int
  /// The number of indices of the axes before the one that the matrix is applied along.
  private let outer: Int
  /// The number of indices of the axes after it.
  private let inner: Int

  /// The map of samples of this shape.
  ///
  /// - Parameters:
  ///   - weight: `[outputs, inputs]`, or `[inputs, outputs]` if `transposed`.
  ///   - dim: The axis of `inputs` coordinates that the matrix is applied along, the last by default.
  /// - Throws: `InvalidConstants` where the weight does not have this shape, or the samples do not have this axis.
  public init(
    inputShape: [Int], weight: Tensor<S>, dim: Int = -1, transposed: Bool = false
  ) throws(InvalidConstants) {
    try self.init(inputShape, weight, dim, transposed)
  }

  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    try self.init(inputShape, parameter, try attributes.integer("dim"), attributes.flag("transposed"))
  }

  private init(
    _ inputShape: [Int], _ parameter: Tensor<S>?, _ dim: Int, _ transposed: Bool
  ) throws(InvalidConstants) {
    try checkedSize("input", inputShape)
    axis = try Operators.axis("dim", dim, rank: inputShape.count)
    guard let weight = parameter, weight.shape.count == 2,
      weight.shape[transposed ? 0 : 1] == inputShape[axis], weight.shape[transposed ? 1 : 0] > 0
    else {
      let expected = transposed ? "[\(inputShape[axis]), outputs]" : "[outputs, \(inputShape[axis])]"
      throw InvalidConstants(
        "weight: expected shape \(expected), found \(parameter.map { "\($0.shape)" } ?? "none")")
    }
    var outputShape = inputShape
    outputShape[axis] = weight.shape[transposed ? 1 : 0]
    try checkedSize("weight", outputShape)
    self.inputShape = inputShape
    self.outputShape = outputShape
    self.dim = dim
    self.transposed = transposed
    self.weight = weight
    outer = inputShape.prefix(axis).reduce(1, *)
    inner = inputShape.dropFirst(axis + 1).reduce(1, *)
  }

  /// The same map with another weight of the same shape.
  private init<T: Scalar>(_ other: Linear<T>, weight: Tensor<S>) {
    (inputShape, outputShape, dim) = (other.inputShape, other.outputShape, other.dim)
    (axis, transposed, outer, inner) = (other.axis, other.transposed, other.outer, other.inner)
    self.weight = weight
  }

  public var attributes: Attributes { ["dim": .integers([dim]), "transposed": .flag(transposed)] }
  public var parameter: Tensor<S>? { weight }
  public var multiplications: Int { inputs * outputSize }
  public var biasShape: [Int] { [outputs] }
  public var biasDims: [Int] { [axis] }
  private var inputs: Int { inputShape[axis] }
  private var outputs: Int { outputShape[axis] }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) {
    multiply(x, by: weight, transposed: transposed, from: inputs, to: outputs, adding: &p)
  }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) {
    multiply(g, by: weight, transposed: !transposed, from: outputs, to: inputs, adding: &e)
  }

  /// Adds op(W) times `source` along the axis, op(W) `[to, from]`.
  private func multiply(
    _ source: Matrix<S>, by weight: Tensor<S>, transposed: Bool, from: Int, to: Int,
    adding target: inout Matrix<S>
  ) {
    let (count, width) = (source.rows * outer, weight.shape[1])
    guard count > 0 else { return }
    source.elements.withUnsafeBufferPointer { x in
      weight.elements.withUnsafeBufferPointer { w in
        target.elements.withUnsafeMutableBufferPointer { y in
          let (x, w, y) = (x.baseAddress!, w.baseAddress!, y.baseAddress!)
          if inner == 1 {
            // For the last axis, every line of every sample is a row of one product.
            S.gemm(
              transposeA: false, transposeB: !transposed, m: count, n: to, k: from, alpha: 1, a: x, lda: from,
              b: w, ldb: width, beta: 1, c: y, ldc: to)
            return
          }
          for index in 0..<count {
            S.gemm(
              transposeA: transposed, transposeB: false, m: to, n: inner, k: from, alpha: 1, a: w, lda: width,
              b: x + index * from * inner, ldb: inner, beta: 1, c: y + index * to * inner, ldc: inner)
          }
        }
      }
    }
  }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? {
    var gradient = Tensor<S>(zeros: weight.shape)
    let (left, right) = transposed ? (x, g) : (g, x)
    let (m, n, count) = (weight.shape[0], weight.shape[1], g.rows * outer)
    guard count > 0 else { return gradient }
    left.elements.withUnsafeBufferPointer { a in
      right.elements.withUnsafeBufferPointer { b in
        gradient.elements.withUnsafeMutableBufferPointer { c in
          let (a, b, c) = (a.baseAddress!, b.baseAddress!, c.baseAddress!)
          if inner == 1 {
            S.gemm(
              transposeA: true, transposeB: false, m: m, n: n, k: count, alpha: 1, a: a, lda: m, b: b, ldb: n,
              beta: 1, c: c, ldc: n)
            return
          }
          for index in 0..<count {
            S.gemm(
              transposeA: false, transposeB: true, m: m, n: n, k: inner, alpha: 1, a: a + index * m * inner,
              lda: inner, b: b + index * n * inner, ldb: inner, beta: 1, c: c, ldc: n)
          }
        }
      }
    }
    return gradient
  }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) {
    forEachElement(inRow: row) { body($0, weight.elements[$1]) }
  }

  public func forEachSummand(inRow row: Int, _ body: (EntrySummand) -> Void) {
    forEachElement(inRow: row) { body(EntrySummand(column: $0, element: $1)) }
  }

  /// Calls `body` with the columns of a row and the weight's element at each.
  private func forEachElement(inRow row: Int, _ body: (_ column: Int, _ element: Int) -> Void) {
    let (line, behind) = row.quotientAndRemainder(dividingBy: inner)
    let (before, output) = line.quotientAndRemainder(dividingBy: outputs)
    let first = before * inputs * inner + behind
    for input in 0..<inputs {
      body(first + input * inner, transposed ? input * outputs + output : output * inputs + input)
    }
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    Linear<T>(self, weight: weight.cast(to: type))
  }
}

private let linearSchema = OperatorSchema(
  "the matrix along one axis, as `torch.nn.Linear` along the last", weight: "[outputs][inputs]",
  .axis, .flag("transposed", default: false, "whether the weight is `[inputs][outputs]`"))
