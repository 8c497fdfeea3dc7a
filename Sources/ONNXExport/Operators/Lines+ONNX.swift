import Operators

// What works on the lines of a tensor along some axes.

extension Softmax: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.alongAxis("Softmax", operands[0], ONNXConstants(self))
  }
}

extension LogSoftmax: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.alongAxis("LogSoftmax", operands[0], ONNXConstants(self))
  }
}

extension LogSumExp: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.reduce(
      "ReduceLogSumExp", operands[0], ONNXConstants(self), to: outputShape(portShapes: [operands[0].shape])!)
  }
}

extension LargestElement: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.reduce(
      "ReduceMax", operands[0], ONNXConstants(self), to: outputShape(portShapes: [operands[0].shape])!)
  }
}

extension SmallestElement: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.reduce(
      "ReduceMin", operands[0], ONNXConstants(self), to: outputShape(portShapes: [operands[0].shape])!)
  }
}

extension ONNXGraph {
  /// An operator on each line along the axis that the constant `dim` names.
  fileprivate func alongAxis(_ type: String, _ p: ONNXValue, _ constants: ONNXConstants) -> ONNXValue {
    map(type, p, [("axis", .integer(constants.axis("dim", rank: p.shape.count) + 1))])
  }
}
