import Blocks
import LinearAlgebra
import Operators

extension LinearMap<Double> {
  /// The most entries of a matrix written for a map without an ONNX operator.
  private var largestMatrix: Int { 1 << 24 }

  /// Adds the nodes that compute `A x`: the map's own operator, else a gather by indices, else its matrix.
  ///
  /// - Throws: `ONNXRefusal` if there is no operator and the matrix would be too large.
  func emitLinear(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXRefusal) -> ONNXValue {
    let x = graph.reshape(x, to: inputShape)
    if let emitting = self as? any ONNXEmitting { return try emitting.emit([x], in: graph) }
    if self is any IndexMap { return emitIndices(x, in: graph) }
    guard checkedProduct([inputSize, outputSize], atMost: largestMatrix) != nil else {
      throw ONNXRefusal(
        "a linear map with an ONNX operator, or one of at most \(largestMatrix) entries",
        found: "\(Self.typeName) of \(outputSize) by \(inputSize)")
    }
    let y = graph.product(x, Tensor(matrix), named: Self.typeName)
    return graph.reshape(y, to: outputShape)
  }

  /// The gather that is equivalent to the map's rows, each with at most one entry.
  private func emitIndices(_ x: ONNXValue, in graph: ONNXGraph) -> ONNXValue {
    var places = [Int](repeating: -1, count: outputSize)
    var factors = [Double](repeating: 1, count: outputSize)
    for row in places.indices {
      forEachEntry(inRow: row) { (places[row], factors[row]) = ($0, $1) }
    }
    let y = graph.gather(x, at: places, shape: outputShape)
    return factors.contains { $0 != 1 } ? graph.times(y, factors) : y
  }
}

extension ONNXGraph {
  /// `A x` for a matrix `[outputs, inputs]`.
  package func product(_ x: ONNXValue, _ matrix: Tensor<Double>, named name: String) -> ONNXValue {
    value(
      "Gemm", [flatten(x)], constants: [weights(matrix, named: name)] + [takeBias()].compactMap(\.self),
      shape: [matrix.shape[0]],
      [("transB", .integer(1))])
  }
}

extension LinearMap<Double> {
  /// Whether ONNX's operator for the map adds an offset itself: Gemm one for each row, Conv one for each channel.
  func takesAsBias(_ offset: Offset<Double>) -> Bool {
    guard offset.parameter != nil, offset.tensor.shape.count == 1 else { return false }
    if self is DenseMap<Double> { return offset.map == nil && offset.count == outputSize }
    guard self is Convolution<Double>, let spread = offset.map as? Expand<Double> else { return false }
    return spread.outputShape == outputShape && spread.dim == [0] && spread.inputShape == [outputShape[0]]
  }
}
