import Operators

// Functions of one number. JAX's slopes at kinks are not always PyTorch's, which are those of this library.

/// A function of one number that both libraries have under names of their own.
private protocol PythonNamed: PythonEmitting {
  /// The function of PyTorch, and that of JAX.
  static var functions: (torch: String, jax: String) { get }
}

extension PythonNamed {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    "\(code.choose(torch: Self.functions.torch, jax: Self.functions.jax))(\(operands[0].text))"
  }
}

extension Identity: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String { operands[0].text }
}

extension ReLU: PythonNamed {
  fileprivate static var functions: (torch: String, jax: String) { ("F.relu", "jax.nn.relu") }
}

extension SiLU: PythonNamed {
  fileprivate static var functions: (torch: String, jax: String) { ("F.silu", "jax.nn.silu") }
}

extension Mish: PythonNamed {
  fileprivate static var functions: (torch: String, jax: String) { ("F.mish", "jax.nn.mish") }
}

extension Sigmoid: PythonNamed {
  fileprivate static var functions: (torch: String, jax: String) { ("torch.sigmoid", "jax.nn.sigmoid") }
}

extension LogSigmoid: PythonNamed {
  fileprivate static var functions: (torch: String, jax: String) { ("F.logsigmoid", "jax.nn.log_sigmoid") }
}

extension Softsign: PythonNamed {
  fileprivate static var functions: (torch: String, jax: String) { ("F.softsign", "jax.nn.soft_sign") }
}

extension Tanh: PythonNamed {
  fileprivate static var functions: (torch: String, jax: String) { ("torch.tanh", "jnp.tanh") }
}

extension LeakyReLU: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let (p, slope) = (operands[0].text, code.number(negativeSlope))
    return code.choose(
      torch: "F.leaky_relu(\(p), \(slope))", jax: "jnp.where(\(p) > 0, \(p), \(slope) * \(p))")
  }
}

extension ELU: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let (p, alpha) = (operands[0].text, code.number(alpha))
    return code.choose(
      torch: "F.elu(\(p), \(alpha))",
      jax: "jnp.where(\(p) > 0, \(p), \(alpha) * jnp.expm1(jnp.where(\(p) > 0, 0, \(p))))")
  }
}

extension CELU: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let (p, alpha) = (operands[0].text, code.number(alpha))
    return code.choose(
      torch: "F.celu(\(p), \(alpha))",
      jax: "jnp.where(\(p) > 0, \(p), \(alpha) * jnp.expm1(jnp.where(\(p) > 0, 0, \(p) / \(alpha))))")
  }
}

extension SELU: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let p = operands[0].text
    let (scale, alpha) = ("1.0507009873554805", "1.6732632423543772")
    return code.choose(
      torch: "F.selu(\(p))",
      jax: "\(scale) * jnp.where(\(p) > 0, \(p), \(alpha) * jnp.expm1(jnp.where(\(p) > 0, 0, \(p))))")
  }
}

extension GELU: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let p = operands[0].text
    return switch approximation {
    case .none: code.choose(torch: "F.gelu(\(p))", jax: "jax.nn.gelu(\(p), approximate=False)")
    case .tanh:
      code.choose(torch: "F.gelu(\(p), approximate=\"tanh\")", jax: "jax.nn.gelu(\(p), approximate=True)")
    }
  }
}

extension HardSigmoid: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    // PyTorch's hardsigmoid differentiates with the number 1/6 in single precision.
    // Nor is 3 added before the comparison, which rounds.
    code.clip(operands[0].text, -3, 3) + " / 6 + 0.5"
  }
}

extension HardSwish: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let p = operands[0].text
    return code.choose(
      torch: "F.hardswish(\(p))",
      jax: "jnp.where(\(p) <= -3, 0, jnp.where(\(p) < 3, \(p) * (\(p) + 3) / 6, \(p)))")
  }
}

extension HardTanh: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.clip(operands[0].text, minimum, maximum)
  }
}

extension ReLU6: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.library == .torch ? "F.relu6(\(operands[0].text))" : code.clip(operands[0].text, 0, 6)
  }
}

extension Clamp: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    code.clip(operands[0].text, minimum, maximum)
  }
}

extension Softplus: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let (p, beta, threshold) = (operands[0].text, code.number(beta), code.number(threshold))
    return code.choose(
      torch: "F.softplus(\(p), \(beta), \(threshold))",
      jax: "jnp.where(\(beta) * \(p) > \(threshold), \(p), jax.nn.softplus(\(beta) * \(p)) / \(beta))")
  }
}

extension Tanhshrink: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let p = operands[0].text
    return code.choose(torch: "F.tanhshrink(\(p))", jax: "(\(p) - jnp.tanh(\(p)))")
  }
}

extension Softshrink: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let (p, lambda) = (operands[0].text, code.number(lambda))
    return code.choose(
      torch: "F.softshrink(\(p), \(lambda))",
      jax: "jnp.where(\(p) > \(lambda), \(p) - \(lambda), jnp.where(\(p) < -\(lambda), \(p) + \(lambda), 0))")
  }
}

extension Hardshrink: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let (p, lambda) = (operands[0].text, code.number(lambda))
    return code.choose(
      torch: "F.hardshrink(\(p), \(lambda))", jax: "jnp.where(jnp.abs(\(p)) > \(lambda), \(p), 0)")
  }
}

extension Threshold: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let (p, threshold, value) = (operands[0].text, code.number(threshold), code.number(replacement))
    return code.choose(
      torch: "F.threshold(\(p), \(threshold), \(value))",
      jax: "jnp.where(\(p) > \(threshold), \(p), \(value))")
  }
}

extension PythonCode {
  /// `min(max(p, least), greatest)`, with slope 0 at both.
  fileprivate func clip(_ p: String, _ least: Double, _ greatest: Double) -> String {
    let bounds = "\(number(least)), \(number(greatest))"
    return library == .torch ? "F.hardtanh(\(p), \(bounds))" : "\(helper(.clip))(\(p), \(bounds))"
  }
}
