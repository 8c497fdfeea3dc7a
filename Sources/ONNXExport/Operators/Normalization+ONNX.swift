import Operators

// Normalisation of runs of coordinates that stand side by side. Put together from reductions rather than written as
// LayerNormalization, which takes its weight for all samples alike and in some runtimes E[x²] − E[x]² for a variance.

extension LayerNormalization: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.normalize(
      operands, run: normalizedShape.reduce(1, *), epsilon: eps)
  }
}

extension RootMeanSquareNormalization: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.normalize(
      operands, run: normalizedShape.reduce(1, *), epsilon: eps,
      isCentered: false)
  }
}

extension GroupNormalization: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.normalize(
      operands, run: operands[0].size / groups, epsilon: eps)
  }
}

extension InstanceNormalization: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.normalize(
      operands, run: operands[0].size / operands[0].shape[0], epsilon: eps)
  }
}

extension ONNXGraph {
  /// `(p − mean) / √(variance + epsilon)` over runs of so many coordinates, times the second operand, plus the third.
  fileprivate func normalize(
    _ operands: [ONNXValue], run: Int, epsilon: Double, isCentered: Bool = true
  ) -> ONNXValue {
    let p = operands[0]
    let runs = reshape(p, to: [p.size / run, run])
    let centered = isCentered ? subtract(runs, reduce("ReduceMean", runs, axes: [1])) : runs
    let variance = reduce("ReduceMean", multiply(centered, centered), axes: [1])
    var z = reshape(divide(centered, map("Sqrt", add(variance, epsilon))), to: p.shape)
    if operands.count > 1 { z = multiply(z, operands[1]) }
    if operands.count > 2 { z = add(z, operands[2]) }
    return z
  }
}
