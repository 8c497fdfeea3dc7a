import LinearAlgebra

/// A linear map whose outputs are inputs, each at some other place, or 0: reshaping, permuting, slicing, padding,
/// placing, repeating.
public protocol IndexMap: LinearMap {
  /// For each output coordinate the input coordinate that it is; −1 where it is 0.
  var indices: [Int] { get }
}

extension IndexMap {
  public static var hasParameter: Bool { false }
  public var parameter: Tensor<S>? { nil }

  public func add(of x: Matrix<S>, to p: inout Matrix<S>) {
    let (indices, inputSize, outputSize) = (self.indices, self.inputSize, self.outputSize)
    gather(x.elements, at: indices, from: inputSize, to: outputSize, samples: x.rows, addingTo: &p.elements)
  }

  public func addTransposed(of g: Matrix<S>, to e: inout Matrix<S>) {
    let (indices, inputSize, outputSize) = (self.indices, self.inputSize, self.outputSize)
    scatter(g.elements, at: indices, from: outputSize, to: inputSize, samples: g.rows, addingTo: &e.elements)
  }

  public func parameterGradient(cotangent g: Matrix<S>, input x: Matrix<S>) -> Tensor<S>? { nil }

  public func forEachEntry(inRow row: Int, _ body: (_ column: Int, _ value: S) -> Void) {
    if indices[row] >= 0 { body(indices[row], 1) }
  }

  public func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> {
    CastIndexMap<T>(inputShape: inputShape, outputShape: outputShape, indices: indices)
  }
}

/// An index map in another precision, where its name is of no interest any more.
private struct CastIndexMap<S: Scalar>: IndexMap {
  static var typeName: String { "index" }
  let inputShape: [Int]
  let outputShape: [Int]
  let indices: [Int]

  init(inputShape: [Int], outputShape: [Int], indices: [Int]) {
    self.inputShape = inputShape
    self.outputShape = outputShape
    self.indices = indices
  }

  init(inputShape: [Int], parameter: Tensor<S>?, constants: [Constant]) throws(InvalidConstants) {
    throw InvalidConstants("expected an operator that files may name, found \(Self.typeName)")
  }
}

@specialized(where S == Double)
@specialized(where S == Float)
private func gather<S: Scalar>(
  _ source: [S], at indices: [Int], from inputSize: Int, to outputSize: Int, samples: Int,
  addingTo target: inout [S]
) {
  for sample in 0..<samples {
    for (output, input) in indices.enumerated() where input >= 0 {
      target[sample * outputSize + output] += source[sample * inputSize + input]
    }
  }
}

@specialized(where S == Double)
@specialized(where S == Float)
private func scatter<S: Scalar>(
  _ source: [S], at indices: [Int], from outputSize: Int, to inputSize: Int, samples: Int,
  addingTo target: inout [S]
) {
  for sample in 0..<samples {
    for (output, input) in indices.enumerated() where input >= 0 {
      target[sample * inputSize + input] += source[sample * outputSize + output]
    }
  }
}

/// The row-major positions of a tensor's axes.
func strides(of shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
  return strides
}

/// For each coordinate of a tensor of `shape`, `start` plus its subscripts times `steps`.
func positions(shape: [Int], start: Int = 0, steps: [Int]) -> [Int] {
  var positions = [start]
  for (extent, step) in zip(shape, steps) {
    positions = positions.flatMap { base in (0..<extent).map { base + $0 * step } }
  }
  return positions
}

/// An axis from a file, counted from the end where it is negative.
func axis(_ name: String, _ value: Int, rank: Int) throws(InvalidConstants) -> Int {
  guard (-rank..<rank).contains(value) else {
    throw InvalidConstants("\(name): expected an axis from \(-rank) to \(rank - 1), found \(value)")
  }
  return value < 0 ? value + rank : value
}

/// The single integer that a constant is.
func single(_ name: String, _ values: [Int]) throws(InvalidConstants) -> Int {
  guard values.count == 1 else { throw InvalidConstants("\(name): expected an integer, found \(values)") }
  return values[0]
}
