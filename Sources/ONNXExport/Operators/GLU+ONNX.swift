import Operators

extension GLU: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let halves: (first: Slice<Double>, second: Slice<Double>) = halves(of: operands[0].shape)
    let gate = graph.map("Sigmoid", halves.second.emit(operands, in: graph))
    return graph.multiply(halves.first.emit(operands, in: graph), gate)
  }
}
