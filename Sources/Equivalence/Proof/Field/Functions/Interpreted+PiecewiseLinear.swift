import Operators

extension Clamp: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) throws(FieldFailure) -> FieldElement {
    try theory.clamp(t, from: lowerBound(minimum), to: upperBound(maximum))
  }
}

extension HardTanh: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) throws(FieldFailure) -> FieldElement {
    try theory.clamp(t, from: lowerBound(minimum), to: upperBound(maximum))
  }
}

/// The lower bound, nil if every finite double is above it.
private func lowerBound(_ minimum: Double) -> Double? {
  minimum <= -.greatestFiniteMagnitude ? nil : minimum
}

/// The upper bound, nil if every finite double is below it.
private func upperBound(_ maximum: Double) -> Double? {
  maximum >= .greatestFiniteMagnitude ? nil : maximum
}

extension ReLU6: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) throws(FieldFailure) -> FieldElement {
    try theory.clamp(t, from: 0, to: 6)
  }
}

extension HardSigmoid: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) throws(FieldFailure) -> FieldElement {
    try theory.hardSigmoid(t)
  }
}

extension HardSwish: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) throws(FieldFailure) -> FieldElement {
    theory.fields.product(t, try theory.hardSigmoid(t))
  }
}

extension Interpretation {
  /// min(max(t + 3, 0), 6) / 6.
  fileprivate func hardSigmoid(_ t: FieldElement) throws(FieldFailure) -> FieldElement {
    let clamped = try clamp(fields.sum(t, fields.image(of: 3)), from: 0, to: 6)
    return try fields.quotient(clamped, fields.image(of: 6))
  }
}

extension Softshrink: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) throws(FieldFailure) -> FieldElement {
    let (fields, lambda) = (theory.fields, try theory.fields.image(of: lambda))
    let below = fields.negative(fields.sum(t, lambda))
    return fields.difference(theory.relu(fields.difference(t, lambda)), theory.relu(below))
  }
}

private let hardshrink = FunctionSymbol("hardshrink")

extension Hardshrink: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement {
    theory.functions.odd(hardshrink, [lambda.bitPattern], at: t)
  }
}

private let thresholdSymbol = FunctionSymbol("threshold")

extension Threshold: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) throws(FieldFailure) -> FieldElement {
    guard threshold == replacement else {
      return theory.functions.hash(thresholdSymbol, [threshold.bitPattern, replacement.bitPattern], [t])
    }
    let place = try theory.fields.image(of: threshold)
    return theory.fields.sum(place, theory.relu(theory.fields.difference(t, place)))
  }
}
