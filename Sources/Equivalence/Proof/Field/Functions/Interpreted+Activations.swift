import Operators

extension Identity: Interpreted {
  func value(
    at ports: [FieldValues], shapes: [[Int]], in theory: Interpretation
  ) throws(FieldFailure) -> FieldValues { ports[0] }
}

extension ReLU: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement { theory.relu(t) }
}

extension LeakyReLU: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) throws(FieldFailure) -> FieldElement {
    theory.rectified(t, slope: try theory.fields.image(of: negativeSlope))
  }
}

extension ELU: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) throws(FieldFailure) -> FieldElement {
    try theory.exponentialUnit(t, alpha: alpha)
  }
}

extension CELU: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) throws(FieldFailure) -> FieldElement {
    try theory.exponentialUnit(t, alpha: alpha, divisor: alpha)
  }
}

extension SELU: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) throws(FieldFailure) -> FieldElement {
    let (scale, alpha) = (1.0507009873554805, 1.6732632423543772)
    return theory.fields.product(
      try theory.fields.image(of: scale), try theory.exponentialUnit(t, alpha: alpha))
  }
}

extension Interpretation {
  /// t if t > 0, else `α (e^(t/divisor) − 1)`.
  fileprivate func exponentialUnit(
    _ t: FieldElement, alpha: Double, divisor: Double = 1
  ) throws(FieldFailure) -> FieldElement {
    let argument = try fields.quotient(negativePart(t), try fields.image(of: divisor))
    let exponential = fields.difference(exp(argument), .one)
    return fields.sum(relu(t), fields.product(try fields.image(of: alpha), exponential))
  }
}

private let geluByErf = FunctionSymbol("gelu erf")
private let geluByTanh = FunctionSymbol("gelu tanh")

extension GELU: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement {
    let odd = theory.functions.odd(approximation == .tanh ? geluByTanh : geluByErf, at: t)
    return theory.fields.product(t, theory.fields.half(theory.fields.sum(.one, odd)))
  }
}

extension SiLU: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement {
    theory.fields.product(t, theory.sigmoid(t))
  }
}

extension Mish: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement {
    theory.fields.product(t, theory.tanh(theory.softplus(t)))
  }
}

extension Sigmoid: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement { theory.sigmoid(t) }
}

extension LogSigmoid: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement {
    theory.fields.negative(theory.softplus(theory.fields.negative(t)))
  }
}

private let softplusWithThreshold = FunctionSymbol("softplus")

extension Softplus: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) throws(FieldFailure) -> FieldElement {
    guard threshold == .infinity else {
      return theory.functions.hash(softplusWithThreshold, [beta.bitPattern, threshold.bitPattern], [t])
    }
    let beta = try theory.fields.image(of: beta)
    return try theory.fields.quotient(theory.softplus(theory.fields.product(beta, t)), beta)
  }
}

extension Softsign: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) throws(FieldFailure) -> FieldElement {
    try theory.fields.quotient(t, theory.fields.sum(.one, theory.abs(t)))
  }
}

extension Tanh: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement { theory.tanh(t) }
}

extension Tanhshrink: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement {
    theory.fields.difference(t, theory.tanh(t))
  }
}
