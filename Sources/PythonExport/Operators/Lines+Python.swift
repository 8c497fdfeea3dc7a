import Operators

// Operators on the lines of a tensor along some axes, and normalisations.

extension Softmax: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.alongAxis("softmax", operands[0].text, operands[0], dim)
  }
}

extension Softmin: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.alongAxis("softmax", "-\(operands[0].text)", operands[0], dim)
  }
}

extension LogSoftmax: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.alongAxis("log_softmax", operands[0].text, operands[0], dim)
  }
}

extension GLU: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.alongAxis("glu", operands[0].text, operands[0], dim)
  }
}

extension LogSumExp: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let function = code.choose(torch: "torch.logsumexp", jax: "jax.nn.logsumexp")
    return code.reduce(
      function, operands[0], dim, keepdim, to: outputShape(portShapes: [operands[0].shape])!)
  }
}

extension VectorNorm: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let function = code.library == .torch ? "torch.linalg.vector_norm" : code.helper(.vectorNorm)
    return code.reduce(
      function, operands[0], dim, keepdim, to: outputShape(portShapes: [operands[0].shape])!)
  }
}

extension LargestElement: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let function = code.choose(torch: "torch.amax", jax: "jnp.max")
    return code.reduce(
      function, operands[0], dim, keepdim, to: outputShape(portShapes: [operands[0].shape])!)
  }
}

extension SmallestElement: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let function = code.choose(torch: "torch.amin", jax: "jnp.min")
    return code.reduce(
      function, operands[0], dim, keepdim, to: outputShape(portShapes: [operands[0].shape])!)
  }
}

extension LayerNormalization: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.normalization(
      of: operands, run: normalizedShape.reduce(1, *), eps,
      torch: "F.layer_norm(\(operands[0].text), \(normalizedShape.tuple), eps=\(code.number(eps)))")
  }
}

extension GroupNormalization: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.normalization(
      of: operands, run: operands[0].shape.reduce(1, *) / groups, eps,
      torch: "torch.group_norm(\(operands[0].text), \(groups), eps=\(code.number(eps)))")
  }
}

extension InstanceNormalization: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    // As groups of one channel: torch's instance_norm does not take every shape.
    let shape = operands[0].shape
    return code.normalization(
      of: operands, run: shape.reduce(1, *) / shape[0], eps,
      torch: "torch.group_norm(\(operands[0].text), \(shape[0]), eps=\(code.number(eps)))")
  }
}

extension RootMeanSquareNormalization: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.normalization(
      of: operands, run: normalizedShape.reduce(1, *), eps, isCentered: false,
      torch: "F.rms_norm(\(operands[0].text), \(normalizedShape.tuple), eps=\(code.number(eps)))")
  }
}

extension PythonCode {
  /// A function of a line along the axis of the attribute `dim`.
  fileprivate func alongAxis(_ name: String, _ text: String, _ p: PythonValue, _ dim: Int) -> String {
    let axis = dim.batchedAxis(ofRank: p.shape.count)
    return choose(torch: "F.\(name)(\(text), dim=\(axis))", jax: "jax.nn.\(name)(\(text), axis=\(axis))")
  }

  /// A reduction over the axes of the attribute `dim`; over all of them, it leaves one number.
  func reduce(
    _ function: String, _ x: PythonValue, _ dim: [Int], _ keepdim: Bool, to shape: [Int]
  ) -> String {
    let axes = dim.map { $0.batchedAxis(ofRank: x.shape.count) }
    let keep = keepdim ? choose(torch: ", keepdim=True", jax: ", keepdims=True") : ""
    let value = "\(function)(\(x.text), \(choose(torch: "dim", jax: "axis"))=\(axes.tuple)\(keep))"
    let isNumber = !keepdim && Set(axes).count == x.shape.count
    return isNumber ? "\(helper(.shaped))(\(value), \(shape.list))" : value
  }

  /// A normalisation, times the second port, plus the third.
  fileprivate func normalization(
    of operands: [PythonValue], run: Int, _ eps: Double, isCentered: Bool = true, torch: String
  ) -> String {
    let centered = isCentered ? "" : ", centered=False"
    var z =
      library == .torch
      ? torch : "\(helper(.normalize))(\(operands[0].text), \(run), \(number(eps))\(centered))"
    if operands.count > 1 { z += " * \(operands[1].text)" }
    if operands.count > 2 { z += " + \(operands[2].text)" }
    return z
  }
}
