import LinearAlgebra
import Operators

extension LinearMap<Double> {
  /// The most entries of a matrix that is written out for a map that ONNX has no operator for.
  private var largestMatrix: Int { 1 << 24 }

  /// Adds the nodes that compute `A x`: the operator's own, else a rearrangement by its indices, else its matrix.
  ///
  /// - Throws: `ONNXRefusal` where there is no operator and the matrix would be too large.
  func emitLinear(_ x: ONNXValue, in graph: ONNXGraph) throws(ONNXRefusal) -> ONNXValue {
    let x = graph.reshape(x, to: inputShape)
    if let emitting = self as? any ONNXEmitting { return try emitting.emit([x], in: graph) }
    if self is any IndexMap { return emitIndices(x, in: graph) }
    let (count, overflow) = inputSize.multipliedReportingOverflow(by: outputSize)
    guard !overflow, count <= largestMatrix else {
      throw ONNXRefusal(
        "a linear map that ONNX has, or one of at most \(largestMatrix) entries",
        found: "\(Self.typeName) of \(outputSize) by \(inputSize)")
    }
    let y = graph.product(x, Tensor(matrix), named: Self.typeName)
    return graph.reshape(y, to: outputShape)
  }

  /// The rearrangement that the map's rows say, which have one entry at most.
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
      "Gemm", [flatten(x)], constants: [weights(matrix, named: name)], shape: [matrix.shape[0]],
      [("transB", .integer(1))])
  }
}
