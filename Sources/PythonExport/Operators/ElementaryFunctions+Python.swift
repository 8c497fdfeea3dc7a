import Operators

/// A function of one number that both libraries have under the same name, or nearly so.
private protocol PythonElementary: PythonEmitting {
  /// The name in PyTorch, and that in JAX's NumPy.
  static var names: (torch: String, jax: String) { get }
}

extension PythonElementary {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.choose(torch: "torch.\(Self.names.torch)", jax: "jnp.\(Self.names.jax)") + "(\(operands[0].text))"
  }
}

extension Exponential: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("exp", "exp") }
}

extension NaturalLogarithm: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("log", "log") }
}

extension SquareRoot: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("sqrt", "sqrt") }
}

extension Reciprocal: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("reciprocal", "reciprocal") }
}

extension AbsoluteValue: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    // JAX's slope at 0 is 1.
    let p = operands[0].text
    return code.choose(
      torch: "torch.abs(\(p))", jax: "jnp.where(\(p) > 0, \(p), jnp.where(\(p) < 0, -\(p), 0))")
  }
}

extension Sine: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("sin", "sin") }
}

extension Cosine: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("cos", "cos") }
}

extension Tangent: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("tan", "tan") }
}

extension ArcSine: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("asin", "arcsin") }
}

extension ArcCosine: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("acos", "arccos") }
}

extension ArcTangent: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("atan", "arctan") }
}

extension HyperbolicSine: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("sinh", "sinh") }
}

extension HyperbolicCosine: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("cosh", "cosh") }
}

extension InverseHyperbolicSine: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("asinh", "arcsinh") }
}

extension InverseHyperbolicCosine: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("acosh", "arccosh") }
}

extension InverseHyperbolicTangent: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("atanh", "arctanh") }
}

extension Sign: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("sign", "sign") }
}

extension Floor: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("floor", "floor") }
}

extension Ceiling: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("ceil", "ceil") }
}

extension Rounding: PythonElementary {
  fileprivate static var names: (torch: String, jax: String) { ("round", "round") }
}

extension ErrorFunction: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.choose(torch: "torch.erf(\(operands[0].text))", jax: "jax.scipy.special.erf(\(operands[0].text))")
  }
}

extension Pow: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    // An integer exponent is written as one: JAX then multiplies, and differentiates at 0.
    let isInteger = exponent == exponent.rounded() && abs(exponent) < 0x1p31
    let written: String = isInteger ? String(Int(exponent)) : code.number(exponent)
    return "\(operands[0].text) ** \(written)"
  }
}
