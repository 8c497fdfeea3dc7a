import LinearAlgebra

/// A factor for each index of one axis, times a fixed one: the linear part of batch normalisation in inference mode.
///
/// The parameter is `weight`, a number for each index; `factors` (all 1 if left empty) are constants.
public struct ChannelScale<S: Scalar>: LinearMap {
  public static var typeName: String { "scale" }
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("axis", default: [0]), .numbers("factors", default: [])]
  }

  public let inputShape: [Int]
  public let constants: [Constant]
  private let weight: [S]
  private let factors: [S]
  /// How many coordinates there are in a row for one index of the axis.
  private let run: Int

  public init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    let axis = try axis("axis", single("axis", constants.integers(0)), rank: inputShape.count)
    let count = inputShape[axis]
    guard let parameter, parameter.shape == [count] else {
      throw InvalidConstants("weight: expected \(count) numbers, found shape \(parameter?.shape ?? [])")
    }
    let factors = constants.numbers(1)
    guard factors.isEmpty || factors.count == count else {
      throw InvalidConstants("factors: expected \(count) numbers, found \(factors.count)")
    }
    self.inputShape = inputShape
    self.constants = constants
    weight = parameter.elements
    self.factors = factors.isEmpty ? [S](repeating: 1, count: count) : factors.map { S($0) }
    run = inputShape.dropFirst(axis + 1).reduce(1, *)
  }

  public var outputShape: [Int] { inputShape }
  public var parameter: Tensor<S>? { Tensor(weight) }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) {
    addScaledRuns(x.elements, by: zip(factors, weight).map { $0 * $1 }, run: run, to: &p.elements)
  }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) {
    addScaledRuns(g.elements, by: zip(factors, weight).map { $0 * $1 }, run: run, to: &e.elements)
  }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? {
    var gradient = [S](repeating: 0, count: weight.count)
    addProducts(g.elements, x.elements, run: run, to: &gradient)
    return Tensor(zip(factors, gradient).map { $0 * $1 })
  }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) {
    let index = row / run % weight.count
    body(row, factors[index] * weight[index])
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    // The same shapes and constants were valid before.
    try! ChannelScale<T>(inputShape: inputShape, parameter: parameter?.cast(to: type), constants: constants)
  }
}

@specialized(where S == Double)
@specialized(where S == Float)
private func addScaledRuns<S: Scalar>(_ source: [S], by scale: [S], run: Int, to target: inout [S]) {
  for index in source.indices { target[index] += source[index] * scale[index / run % scale.count] }
}

@specialized(where S == Double)
@specialized(where S == Float)
private func addProducts<S: Scalar>(_ a: [S], _ b: [S], run: Int, to sums: inout [S]) {
  for index in a.indices { sums[index / run % sums.count] += a[index] * b[index] }
}
