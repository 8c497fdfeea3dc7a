import Operators

extension Exponential: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement { theory.exp(t) }
}

extension NaturalLogarithm: InterpretedElementwise {
  var isPartial: Bool { true }
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement { theory.log(t) }
}

extension SquareRoot: InterpretedElementwise {
  var isPartial: Bool { true }
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement { theory.sqrt(t) }
}

extension AbsoluteValue: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement { theory.abs(t) }
}

extension Reciprocal: InterpretedElementwise {
  var isPartial: Bool { true }
  func value(_ t: FieldElement, in theory: Interpretation) throws(FieldFailure) -> FieldElement {
    try theory.fields.reciprocal(t)
  }
}

private let powSymbol = FunctionSymbol("pow")
private let powerSymbol = FunctionSymbol("power")

extension Pow: InterpretedElementwise {
  var isPartial: Bool { exponent < 0 || exponent != exponent.rounded() }
  func value(_ t: FieldElement, in theory: Interpretation) throws(FieldFailure) -> FieldElement {
    try theory.power(t, exponent) ?? theory.functions.hash(powSymbol, [exponent.bitPattern], [t])
  }
}

extension Power: InterpretedPair {
  var isPartial: Bool { true }
  func value(
    _ p: FieldElement, _ q: FieldElement, in theory: Interpretation
  ) throws(FieldFailure) -> FieldElement {
    for exponent in theory.simpleExponents where exponent.image == q {
      if let power = try theory.power(p, exponent.number) { return power }
    }
    return theory.functions.hash(powerSymbol, [], [p, q])
  }
}

extension Interpretation {
  /// A power whose exponent is a small integer, 1/2 or −1/2; nil for any other exponent.
  fileprivate func power(_ t: FieldElement, _ exponent: Double) throws(FieldFailure) -> FieldElement? {
    if exponent == exponent.rounded(), exponent.magnitude <= 64 { return try fields.power(t, Int(exponent)) }
    if exponent == 0.5 { return sqrt(t) }
    if exponent == -0.5 { return try fields.reciprocal(sqrt(t)) }
    return nil
  }

  /// The exponents whose powers are arithmetic or a root.
  fileprivate var simpleExponents: [(number: Double, image: FieldElement)] {
    ((-64...64).map(Double.init) + [0.5, -0.5]).map { number in
      (
        number,
        FieldElement(
          fields.first.image(of: number), fields.second.image(of: number), fields.third.image(of: number))
      )
    }
  }
}

/// An odd function, identified by its name.
protocol InterpretedOdd: InterpretedElementwise {
  /// The random function that represents it.
  static var symbol: FunctionSymbol { get }
}

extension InterpretedOdd {
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement {
    theory.functions.odd(Self.symbol, at: t)
  }
}

extension ErrorFunction: InterpretedOdd { static let symbol = FunctionSymbol("erf") }
extension Sine: InterpretedOdd { static let symbol = FunctionSymbol("sin") }
extension Tangent: InterpretedOdd {
  static let symbol = FunctionSymbol("tan")
  var isPartial: Bool { true }
}
extension ArcSine: InterpretedOdd {
  static let symbol = FunctionSymbol("asin")
  var isPartial: Bool { true }
}
extension ArcTangent: InterpretedOdd { static let symbol = FunctionSymbol("atan") }
extension HyperbolicSine: InterpretedOdd { static let symbol = FunctionSymbol("sinh") }
extension InverseHyperbolicSine: InterpretedOdd { static let symbol = FunctionSymbol("asinh") }
extension InverseHyperbolicTangent: InterpretedOdd {
  static let symbol = FunctionSymbol("atanh")
  var isPartial: Bool { true }
}
extension Sign: InterpretedOdd { static let symbol = FunctionSymbol("sign") }
extension Rounding: InterpretedOdd { static let symbol = FunctionSymbol("round") }

private let cosine = FunctionSymbol("cos")
private let hyperbolicCosine = FunctionSymbol("cosh")
private let arcCosine = FunctionSymbol("acos")
private let inverseHyperbolicCosine = FunctionSymbol("acosh")
private let floorSymbol = FunctionSymbol("floor")

extension Cosine: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement {
    t == .zero ? .one : theory.functions.even(cosine, at: t)
  }
}

extension HyperbolicCosine: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement {
    t == .zero ? .one : theory.functions.even(hyperbolicCosine, at: t)
  }
}

extension ArcCosine: InterpretedElementwise {
  var isPartial: Bool { true }
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement {
    theory.functions.hash(arcCosine, t)
  }
}

extension InverseHyperbolicCosine: InterpretedElementwise {
  var isPartial: Bool { true }
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement {
    theory.functions.hash(inverseHyperbolicCosine, t)
  }
}

extension Floor: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement {
    theory.functions.hash(floorSymbol, t)
  }
}

extension Ceiling: InterpretedElementwise {
  func value(_ t: FieldElement, in theory: Interpretation) -> FieldElement {
    theory.fields.negative(theory.functions.hash(floorSymbol, theory.fields.negative(t)))
  }
}
