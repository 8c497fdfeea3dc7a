import Operators

// Functions of two ports.

extension Product: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.multiply(operands[0], operands[1])
  }
}

extension Quotient: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.divide(operands[0], operands[1])
  }
}

extension Maximum: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.combine("Max", operands[0], operands[1])
  }
}

extension Minimum: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.combine("Min", operands[0], operands[1])
  }
}

extension Power: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.combine("Pow", operands[0], operands[1])
  }
}

extension PReLU: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let (p, slope) = (operands[0], operands[1])
    return graph.choose(graph.combine("Greater", p, 0), p, graph.multiply(p, slope))
  }
}

extension BatchedProduct: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.value("MatMul", operands, shape: outputShape(portShapes: operands.map(\.shape))!)
  }
}

extension Greater: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.compare("Greater", operands)
  }
}

extension GreaterOrEqual: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.compare("GreaterOrEqual", operands)
  }
}

extension Equal: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.compare("Equal", operands)
  }
}

extension Choice: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.choose(graph.combine("Equal", operands[0], 0), operands[2], operands[1])
  }
}

extension ONNXGraph {
  /// 1 where a comparison holds, else 0.
  fileprivate func compare(_ name: String, _ operands: [ONNXValue]) -> ONNXValue {
    choose(combine(name, operands[0], operands[1]), 1, else: 0)
  }
}
