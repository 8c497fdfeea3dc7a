import Operators

extension Product: InterpretedPair {
  func value(_ p: FieldElement, _ q: FieldElement, in theory: Interpretation) -> FieldElement {
    theory.fields.product(p, q)
  }
}

extension Quotient: InterpretedPair {
  var isPartial: Bool { true }
  func value(
    _ p: FieldElement, _ q: FieldElement, in theory: Interpretation
  ) throws(FieldFailure) -> FieldElement {
    try theory.fields.quotient(p, q)
  }
}

extension Maximum: InterpretedPair {
  func value(_ p: FieldElement, _ q: FieldElement, in theory: Interpretation) -> FieldElement {
    theory.maximum(p, q)
  }
}

extension Minimum: InterpretedPair {
  func value(_ p: FieldElement, _ q: FieldElement, in theory: Interpretation) -> FieldElement {
    theory.minimum(p, q)
  }
}

extension PReLU: InterpretedPair {
  func value(_ p: FieldElement, _ q: FieldElement, in theory: Interpretation) -> FieldElement {
    theory.rectified(p, slope: q)
  }
}

extension Greater: InterpretedPair {
  func value(_ p: FieldElement, _ q: FieldElement, in theory: Interpretation) -> FieldElement {
    theory.isPositive(theory.fields.difference(p, q))
  }
}

extension GreaterOrEqual: InterpretedPair {
  func value(_ p: FieldElement, _ q: FieldElement, in theory: Interpretation) -> FieldElement {
    theory.fields.difference(.one, theory.isPositive(theory.fields.difference(q, p)))
  }
}

extension Equal: InterpretedPair {
  func value(_ p: FieldElement, _ q: FieldElement, in theory: Interpretation) -> FieldElement {
    theory.isZero(theory.fields.difference(p, q))
  }
}

private let whereSymbol = FunctionSymbol("where")

extension Choice: Interpreted {
  func value(
    at ports: [FieldValues], shapes: [[Int]], in theory: Interpretation
  ) throws(FieldFailure) -> FieldValues {
    guard !ports[0].hasSymbols else { throw .notFinite }
    let (p, q) = (theory.withSymbols(ports[1]), theory.withSymbols(ports[2]))
    var values = FieldValues(zeros: p.count)
    for index in 0..<p.count {
      let (condition, first, second) = (ports[0][index], p[index], q[index])
      if first == second || condition == .one {
        values[index] = first
        if p.sign(index) != 0 { try values.addSymbol(p.sign(index), at: index) }
      } else if condition == .zero {
        values[index] = second
        if q.sign(index) != 0 { try values.addSymbol(q.sign(index), at: index) }
      } else if p.sign(index) != 0 || q.sign(index) != 0 {
        values[index] = theory.functions.hash(whereSymbol, [], [condition, first, second])
      } else {
        let share = theory.fields.difference(.one, theory.isZero(condition))
        values[index] = theory.fields.sum(
          second, theory.fields.product(share, theory.fields.difference(first, second)))
      }
    }
    return values
  }
}

extension Interpretation {
  /// The values with every infinite coordinate replaced by the element that represents infinity, or its
  /// negative.
  func withSymbols(_ values: FieldValues) -> FieldValues {
    var values = values
    for (index, sign) in values.signs.enumerated() where sign != 0 {
      values[index] = sign > 0 ? infinity : fields.negative(infinity)
    }
    return values
  }
}
