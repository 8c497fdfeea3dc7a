import Operators

// Functions of several ports.

extension Product: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    "\(operands[0].text) * \(operands[1].text)"
  }
}

extension Quotient: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    "\(operands[0].text) / \(operands[1].text)"
  }
}

extension Maximum: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.call("maximum", operands)
  }
}

extension Minimum: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.call("minimum", operands)
  }
}

extension Power: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    "\(operands[0].text) ** \(operands[1].text)"
  }
}

extension PReLU: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let (p, slope) = (operands[0].text, operands[1].text)
    return code.choose(torch: "torch", jax: "jnp") + ".where(\(p) > 0, \(p), \(slope) * \(p))"
  }
}

extension BatchedProduct: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    "\(operands[0].text) @ \(operands[1].text)"
  }
}

extension Greater: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String { code.compare(">", operands) }
}

extension GreaterOrEqual: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String { code.compare(">=", operands) }
}

extension Equal: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String { code.compare("==", operands) }
}

extension Choice: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.choose(torch: "torch", jax: "jnp")
      + ".where(\(operands[0].text) != 0, \(operands[1].text), \(operands[2].text))"
  }
}

extension PythonCode {
  /// A function of the library's own module.
  func call(_ name: String, _ operands: [PythonValue]) -> String {
    choose(torch: "torch", jax: "jnp") + ".\(name)(\(operands.map(\.text).joined(separator: ", ")))"
  }

  /// 1 where a comparison is true, else 0.
  fileprivate func compare(_ sign: String, _ operands: [PythonValue]) -> String {
    let p = operands[0].text
    return "(\(p) \(sign) \(operands[1].text))"
      + choose(torch: ".to(\(p).dtype)", jax: ".astype(\(p).dtype)")
  }
}
