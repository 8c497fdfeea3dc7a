import Operators

extension Softmin: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    Softmax(dim: dim).emit([graph.negate(operands[0])], in: graph)
  }
}
