import Operators

// Piecewise linear activations. ONNX stores constants that are attributes in single precision, so in double
// precision these operators are composed of others whose constants are inputs.

extension Identity: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue { operands[0] }
}

extension ReLU: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.map("Relu", operands[0])
  }
}

extension ReLU6: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.clip(operands[0], 0, 6)
  }
}

extension HardTanh: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.clip(operands[0], minimum, maximum)
  }
}

extension LeakyReLU: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let p = operands[0]
    if graph.hasOperator() { return graph.map("LeakyRelu", p, [("alpha", .number(negativeSlope))]) }
    return graph.choose(graph.combine("Greater", p, 0), p, graph.multiply(p, negativeSlope))
  }
}

extension Threshold: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.choose(graph.combine("LessOrEqual", operands[0], threshold), replacement, operands[0])
  }
}

extension HardSigmoid: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let p = operands[0]
    if graph.hasOperator() {
      return graph.map("HardSigmoid", p, [("alpha", .number(1.0 / 6)), ("beta", .number(0.5))])
    }
    return graph.divide(graph.clip(graph.add(p, 3), 0, 6), 6)
  }
}

extension HardSwish: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let p = operands[0]
    if graph.hasOperator(since: 14) { return graph.map("HardSwish", p) }
    return graph.multiply(p, graph.divide(graph.clip(graph.add(p, 3), 0, 6), 6))
  }
}

extension Softshrink: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let p = operands[0]
    if graph.hasOperator() {
      return graph.map("Shrink", p, [("lambd", .number(lambda)), ("bias", .number(lambda))])
    }
    return graph.subtract(p, graph.clip(p, -lambda, lambda))
  }
}

extension Hardshrink: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let p = operands[0]
    if graph.hasOperator() { return graph.map("Shrink", p, [("lambd", .number(lambda))]) }
    return graph.choose(graph.combine("LessOrEqual", graph.absolute(p), lambda), 0, p)
  }
}

extension ONNXGraph {
  /// `min(max(p, least), greatest)`.
  package func clip(_ p: ONNXValue, _ least: Double, _ greatest: Double) -> ONNXValue {
    value("Clip", [p], constants: [number(least), number(greatest)], shape: p.shape)
  }
}
