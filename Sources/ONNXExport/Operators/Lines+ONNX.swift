import Operators

// Operators on the lines of a tensor along some axes.

extension Softmax: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.alongAxis("Softmax", operands[0], dim)
  }
}

extension LogSoftmax: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.alongAxis("LogSoftmax", operands[0], dim)
  }
}

extension LogSumExp: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.reduce(
      "ReduceLogSumExp", operands[0], over: dim, to: outputShape(portShapes: [operands[0].shape])!)
  }
}

extension VectorNorm: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.reduce("ReduceL2", operands[0], over: dim, to: outputShape(portShapes: [operands[0].shape])!)
  }
}

extension LargestElement: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.reduce(
      "ReduceMax", operands[0], over: dim, to: outputShape(portShapes: [operands[0].shape])!)
  }
}

extension SmallestElement: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.reduce(
      "ReduceMin", operands[0], over: dim, to: outputShape(portShapes: [operands[0].shape])!)
  }
}

extension ONNXGraph {
  /// Applies an operator to each line along the axis of the constant `dim`.
  fileprivate func alongAxis(_ type: String, _ p: ONNXValue, _ dim: Int) -> ONNXValue {
    map(type, p, [("axis", .integer(dim.axis(ofRank: p.shape.count) + 1))])
  }
}
