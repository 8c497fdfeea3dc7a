import LinearAlgebra

/// `y = factors ⊙ weight ⊙ x`, the weight broadcast over x: the linear part of batch normalisation in inference mode, a
/// learned scale, a mask.
///
/// The parameter is `weight`, of any shape. `dim` gives for each of its axes the axis of x that it is aligned with;
/// without it the last axes are aligned, as in NumPy's broadcasting. Extents of 1 repeat. `factors` are constants, one
/// for each element of the weight (all 1 if omitted).
public struct Scale<S: Scalar>: LinearMap {
  public static var typeName: String { "scale" }
  public static var schema: OperatorSchema { scaleSchema }

  public let inputShape: [Int]
  /// For each axis of the weight the axis of x that it is aligned with; empty for the last axes.
  public let dim: [Int]
  /// A factor for each element of the weight; empty where all are 1.
  public let factors: [Double]
  /// The trainable weight, in its own shape.
  public let weight: Tensor<S>
  /// The factors in this precision.
  private let rounded: [S]
  private let broadcast: Broadcast
  /// For each coordinate the element of the weight that multiplies it.
  private let indices: [Int]

  /// The map of samples of this shape.
  ///
  /// - Parameters:
  ///   - weight: Of any shape that broadcasts over the samples.
  ///   - dim: For each axis of the weight the axis of the samples that it is aligned with; the last ones by default.
  ///   - factors: A constant for each element of the weight; all 1 by default.
  /// - Throws: `InvalidConstants` where the weight does not broadcast over the samples so, or the number of factors
  ///   differs.
  public init(
    inputShape: [Int], weight: Tensor<S>, dim: IntegerList = [], factors: [Double] = []
  ) throws(InvalidConstants) {
    try checkedSize("input", inputShape)
    guard factors.isEmpty || factors.count == weight.elements.count else {
      throw InvalidConstants("factors: expected \(weight.elements.count) numbers, found \(factors.count)")
    }
    broadcast = try Broadcast(
      of: weight.shape, over: inputShape, dims: dim.values, subject: "weight")
    indices = positions(shape: inputShape, steps: broadcast.steps)
    self.inputShape = inputShape
    self.dim = dim.values
    self.factors = factors
    self.weight = weight
    rounded = factors.map { S($0) }
  }

  public init(inputShape: [Int], parameter: Tensor<S>?, attributes: Attributes) throws(InvalidConstants) {
    guard let weight = parameter else { throw InvalidConstants("weight: expected a tensor, found none") }
    try self.init(
      inputShape: inputShape, weight: weight, dim: IntegerList(attributes.integers("dim")),
      factors: attributes.numbers("factors"))
  }

  /// The same map with another weight of the same shape.
  private init<T: Scalar>(_ other: Scale<T>, weight: Tensor<S>) {
    inputShape = other.inputShape
    dim = other.dim
    factors = other.factors
    broadcast = other.broadcast
    indices = other.indices
    rounded = factors.map { S($0) }
    self.weight = weight
  }

  public var attributes: Attributes { ["dim": .integers(dim), "factors": .numbers(factors)] }
  public var outputShape: [Int] { inputShape }
  public var parameter: Tensor<S>? { weight }
  public var multiplications: Int { outputSize }
  public var biasShape: [Int] { weight.shape }
  public var biasDims: [Int] { broadcast.axes }

  /// `factors ⊙ weight`.
  private var scale: [S] {
    var scale = weight.elements
    multiply(&scale, by: rounded)
    return scale
  }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) {
    addScaled(x.elements, by: scale, at: indices, samples: x.rows, to: &p.elements)
  }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) {
    addScaled(g.elements, by: scale, at: indices, samples: g.rows, to: &e.elements)
  }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? {
    var gradient = [S](repeating: 0, count: weight.elements.count)
    addProducts(g.elements, x.elements, at: indices, samples: x.rows, to: &gradient)
    multiply(&gradient, by: rounded)
    return Tensor(shape: weight.shape, elements: gradient)
  }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) {
    let index = indices[row]
    body(row, rounded.isEmpty ? weight.elements[index] : rounded[index] * weight.elements[index])
  }

  public func forEachSummand(inRow row: Int, _ body: (EntrySummand) -> Void) {
    let index = indices[row]
    body(EntrySummand(column: row, element: index, factor: factors.isEmpty ? 1 : factors[index]))
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    Scale<T>(self, weight: weight.cast(to: type))
  }
}

@specialized(where S == Double)
@specialized(where S == Float)
private func multiply<S: Scalar>(_ values: inout [S], by factors: [S]) {
  for index in factors.indices { values[index] *= factors[index] }
}

@specialized(where S == Double)
@specialized(where S == Float)
private func addScaled<S: Scalar>(
  _ source: [S], by scale: [S], at indices: [Int], samples: Int, to target: inout [S]
) {
  for sample in 0..<samples {
    let first = sample * indices.count
    for index in indices.indices { target[first + index] += source[first + index] * scale[indices[index]] }
  }
}

@specialized(where S == Double)
@specialized(where S == Float)
private func addProducts<S: Scalar>(
  _ a: [S], _ b: [S], at indices: [Int], samples: Int, to sums: inout [S]
) {
  for sample in 0..<samples {
    let first = sample * indices.count
    for index in indices.indices { sums[indices[index]] += a[first + index] * b[first + index] }
  }
}

private let scaleSchema = OperatorSchema(
  "factors ⊙ weight ⊙ x; extents of 1 of the weight repeat", weight: "of any shape",
  .integers(
    "dim", default: [],
    "for each axis of the weight the axis of x along which it lies; without it the last ones"),
  .numbers("factors", default: [], "constants, one for each number of the weight; without them ones"))
