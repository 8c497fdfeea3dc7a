import LinearAlgebra
import Operators

// Matrices, scales and reductions. The second operand of a map with a weight is the weight.

extension DenseMap: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.product(operands[0].text, operands[1].text)
  }
}

extension Linear: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let (x, weight) = (operands[0].text, operands[1].text)
    let axis = dim.batchedAxis(ofRank: inputShape.count)
    func product(_ x: String) -> String { transposed ? "\(x) @ \(weight)" : code.product(x, weight) }
    if axis == inputShape.count { return product(x) }
    return code.choose(
      torch: "(\(product("\(x).movedim(\(axis), -1)"))).movedim(-1, \(axis))",
      jax: "jnp.moveaxis(\(product("jnp.moveaxis(\(x), \(axis), -1)")), -1, \(axis))")
  }
}

extension IdentityMap: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String { operands[0].text }
}

extension Multiply: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    "\(code.number(factor)) * \(operands[0].text)"
  }
}

extension Scale: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let (x, weight) = (operands[0].text, operands[1].text)
    let rank = inputShape.count
    let scale = code.align(weight, self.weight.shape, along: dim, rank: rank, isBatched: false)
    if factors.isEmpty { return "\(x) * \(scale)" }
    let constant = code.numbers(factors, shape: self.weight.shape, named: "factors", like: x)
    return "\(x) * \(scale) * "
      + code.align(constant, self.weight.shape, along: dim, rank: rank, isBatched: false)
  }
}

extension Sum: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.reduce(code.choose(torch: "torch.sum", jax: "jnp.sum"), operands[0], dim, keepdim, to: outputShape)
  }
}

extension Mean: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.reduce(code.choose(torch: "torch.mean", jax: "jnp.mean"), operands[0], dim, keepdim, to: outputShape)
  }
}

extension PythonCode {
  /// `x Aᵀ` for a matrix of `[outputs, inputs]`, along the last axis.
  fileprivate func product(_ x: String, _ weight: String) -> String {
    choose(torch: "F.linear(\(x), \(weight))", jax: "\(x) @ \(weight).T")
  }
}
