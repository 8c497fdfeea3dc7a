import LinearAlgebra

/// `y = factors ⊙ weight ⊙ x`, the weight broadcast over x: the linear part of batch normalisation in inference mode, a
/// learned scale, a mask.
///
/// The parameter is `weight`, of any shape. `dim` says for each of its axes along which axis of x it lies; without it
/// the last axes lie over the last ones, as NumPy broadcasts, and extents of 1 repeat. `factors` are constants, one for
/// each element of the weight (all 1 where they are left out).
public struct Scale<S: Scalar>: LinearMap {
  public static var typeName: String { "scale" }
  public static var constantDescriptions: [ConstantDescription] {
    [.integers("dim", default: []), .numbers("factors", default: [])]
  }

  public let inputShape: [Int]
  public let constants: [Constant]
  /// What is trained, in its own shape.
  public let weight: Tensor<S>
  private let factors: [S]
  private let broadcast: Broadcast
  /// For each coordinate the element of the weight that it is multiplied by.
  private let indices: [Int]

  public init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    try checkedSize("input", inputShape)
    guard let weight = parameter else { throw InvalidConstants("weight: expected a tensor, found none") }
    let factors = constants.numbers(1)
    guard factors.isEmpty || factors.count == weight.elements.count else {
      throw InvalidConstants("factors: expected \(weight.elements.count) numbers, found \(factors.count)")
    }
    broadcast = try Broadcast(
      of: weight.shape, over: inputShape, dims: constants.integers(0), subject: "weight")
    indices = positions(shape: inputShape, steps: broadcast.steps)
    self.inputShape = inputShape
    self.constants = constants
    self.weight = weight
    self.factors = factors.map { S($0) }
  }

  /// The same map with another weight of the same shape.
  private init<T: Scalar>(_ other: Scale<T>, weight: Tensor<S>) {
    inputShape = other.inputShape
    constants = other.constants
    broadcast = other.broadcast
    indices = other.indices
    factors = constants.numbers(1).map { S($0) }
    self.weight = weight
  }

  public var outputShape: [Int] { inputShape }
  public var parameter: Tensor<S>? { weight }
  public var multiplications: Int { outputSize }
  public var biasShape: [Int] { weight.shape }
  public var biasDims: [Int] { broadcast.axes }

  /// `factors ⊙ weight`.
  private var scale: [S] {
    var scale = weight.elements
    multiply(&scale, by: factors)
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
    multiply(&gradient, by: factors)
    return Tensor(shape: weight.shape, elements: gradient)
  }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) {
    let index = indices[row]
    body(row, factors.isEmpty ? weight.elements[index] : factors[index] * weight.elements[index])
  }

  public func forEachSummand(inRow row: Int, _ body: (EntrySummand) -> Void) {
    let (index, factors) = (indices[row], constants.numbers(1))
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
