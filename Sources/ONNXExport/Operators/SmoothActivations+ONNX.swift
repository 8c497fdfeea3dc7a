import Operators

// Activations based on the exponential function. In double precision runtimes lack some of these operators
// and ONNX stores attributes in single precision, so they are composed of Exp, Log, Sigmoid and Tanh.

extension Sigmoid: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.map("Sigmoid", operands[0])
  }
}

extension Tanh: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.map("Tanh", operands[0])
  }
}

extension Tanhshrink: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.subtract(operands[0], graph.map("Tanh", operands[0]))
  }
}

extension SiLU: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.multiply(operands[0], graph.map("Sigmoid", operands[0]))
  }
}

extension Softsign: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let p = operands[0]
    if graph.hasOperator() { return graph.map("Softsign", p) }
    return graph.divide(p, graph.add(graph.absolute(p), 1))
  }
}

extension LogSigmoid: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.negate(graph.softplus(graph.negate(operands[0])))
  }
}

extension Softplus: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let p = operands[0]
    let t = graph.scale(p, by: beta)
    let value = graph.softplus(t)
    let smooth = beta == 1 ? value : graph.divide(value, beta)
    // Beyond 40, log(1 + e^t) is t in double precision.
    if threshold >= 40 { return smooth }
    return graph.choose(graph.combine("Greater", t, threshold), p, smooth)
  }
}

extension Mish: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let p = operands[0]
    if graph.hasOperator(since: 18) { return graph.map("Mish", p) }
    return graph.multiply(p, graph.map("Tanh", graph.softplus(p)))
  }
}

extension ELU: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let p = operands[0]
    if graph.hasOperator() { return graph.map("Elu", p, [("alpha", .number(alpha))]) }
    return graph.choose(graph.combine("Greater", p, 0), p, graph.scale(graph.expMinusOne(p), by: alpha))
  }
}

extension CELU: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let p = operands[0]
    if graph.hasOperator() { return graph.map("Celu", p, [("alpha", .number(alpha))]) }
    let negative = graph.scale(graph.expMinusOne(graph.divide(p, alpha)), by: alpha)
    return graph.choose(graph.combine("Greater", p, 0), p, negative)
  }
}

extension SELU: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let p = operands[0]
    if graph.hasOperator() { return graph.map("Selu", p) }
    let (scale, alpha) = (1.0507009873554804934193349852946, 1.6732632423543772848170429916717)
    return graph.choose(
      graph.combine("Greater", p, 0), graph.multiply(p, scale),
      graph.multiply(graph.expMinusOne(p), scale * alpha))
  }
}

extension GELU: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let p = operands[0]
    if graph.hasOperator(since: 20) {
      return graph.map("Gelu", p, [("approximate", .word(approximation.rawValue))])
    }
    switch approximation {
    case .none:
      let twice = graph.add(graph.map("Erf", graph.multiply(p, 0.5.squareRoot())), 1)
      return graph.multiply(p, graph.multiply(twice, 0.5))
    case .tanh:
      // (1 + tanh u) / 2 is the logistic function of 2u.
      let cube = graph.multiply(graph.multiply(p, p), p)
      let u = graph.multiply(graph.add(p, graph.multiply(cube, 0.044715)), 2 * (2 / Double.pi).squareRoot())
      return graph.multiply(p, graph.map("Sigmoid", u))
    }
  }
}

extension ONNXGraph {
  /// `log(1 + e^t)`.
  fileprivate func softplus(_ t: ONNXValue) -> ONNXValue {
    if hasOperator() { return map("Softplus", t) }
    return add(maximum(t, 0), map("Log", add(exp(negate(absolute(t))), 1)))
  }

  /// `e^p − 1` for p below 0, and 0 above, as `2t / (1 − t)` with `t = tanh(p/2)`. The result has full
  /// precision near 0, where the difference would cancel.
  fileprivate func expMinusOne(_ p: ONNXValue) -> ONNXValue {
    let t = map("Tanh", multiply(minimum(p, 0), 0.5))
    return divide(multiply(t, 2), combine("Sub", 1, t))
  }
}
