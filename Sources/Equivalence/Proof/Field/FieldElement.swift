/// A number in three prime fields at once: the type of every value in a proof.
struct FieldElement: Hashable, Sendable {
  /// The number in the first field.
  var first: UInt64
  /// The number in the second field.
  var second: UInt64
  /// The number in the third field.
  var third: UInt64

  /// The element with these components.
  @inline(__always)
  init(_ first: UInt64, _ second: UInt64, _ third: UInt64) {
    (self.first, self.second, self.third) = (first, second, third)
  }

  /// 0 in every field.
  static let zero = FieldElement(0, 0, 0)
  /// 1 in every field.
  static let one = FieldElement(1, 1, 1)

  /// Whether one of the components is 0, so that division by the element is impossible.
  var hasZero: Bool { first == 0 || second == 0 || third == 0 }
}

extension FieldElement: Comparable {
  /// By the first component, then the second, then the third.
  static func < (left: FieldElement, right: FieldElement) -> Bool {
    (left.first, left.second, left.third) < (right.first, right.second, right.third)
  }
}

/// Arithmetic in three prime fields at once.
struct FieldTriple: Sendable {
  /// The first field.
  let first: PrimeField
  /// The second field.
  let second: PrimeField
  /// The third field.
  let third: PrimeField

  /// The field of the component at this position.
  subscript(component: Int) -> PrimeField { component == 0 ? first : component == 1 ? second : third }

  @inline(__always)
  private func each(_ function: (PrimeField) -> UInt64) -> FieldElement {
    FieldElement(function(first), function(second), function(third))
  }

  /// a + b.
  @inline(__always)
  func sum(_ a: FieldElement, _ b: FieldElement) -> FieldElement {
    FieldElement(
      first.sum(a.first, b.first), second.sum(a.second, b.second), third.sum(a.third, b.third))
  }

  /// a − b.
  @inline(__always)
  func difference(_ a: FieldElement, _ b: FieldElement) -> FieldElement {
    FieldElement(
      first.difference(a.first, b.first), second.difference(a.second, b.second),
      third.difference(a.third, b.third))
  }

  /// −a.
  @inline(__always)
  func negative(_ a: FieldElement) -> FieldElement {
    FieldElement(first.negative(a.first), second.negative(a.second), third.negative(a.third))
  }

  /// a b.
  @inline(__always)
  func product(_ a: FieldElement, _ b: FieldElement) -> FieldElement {
    FieldElement(
      first.product(a.first, b.first), second.product(a.second, b.second), third.product(a.third, b.third))
  }

  /// a b, for the scaled image of a.
  @inline(__always)
  func product(scaled a: FieldElement, _ b: FieldElement) -> FieldElement {
    FieldElement(
      first.product(scaled: a.first, b.first), second.product(scaled: a.second, b.second),
      third.product(scaled: a.third, b.third))
  }

  /// The scaled image of a.
  @inline(__always)
  func scaled(_ a: FieldElement) -> FieldElement {
    FieldElement(first.scaled(a.first), second.scaled(a.second), third.scaled(a.third))
  }

  /// a / 2.
  @inline(__always)
  func half(_ a: FieldElement) -> FieldElement {
    func half(_ a: UInt64, _ field: PrimeField) -> UInt64 { (a & 1 == 0 ? a : a &+ field.modulus) >> 1 }
    return FieldElement(half(a.first, first), half(a.second, second), half(a.third, third))
  }

  /// 1/a.
  ///
  /// - Throws: `FieldFailure.zeroDenominator` if a is 0 in one of the fields.
  func reciprocal(_ a: FieldElement) throws(FieldFailure) -> FieldElement {
    guard !a.hasZero else { throw .zeroDenominator }
    return FieldElement(
      first.reciprocal(of: a.first), second.reciprocal(of: a.second), third.reciprocal(of: a.third))
  }

  /// a / b.
  ///
  /// - Throws: `FieldFailure.zeroDenominator` if b is 0 in one of the fields.
  func quotient(_ a: FieldElement, _ b: FieldElement) throws(FieldFailure) -> FieldElement {
    product(a, try reciprocal(b))
  }

  /// aⁿ; for a negative n a quotient.
  func power(_ a: FieldElement, _ exponent: Int) throws(FieldFailure) -> FieldElement {
    var power = FieldElement.one
    for _ in 0..<exponent.magnitude { power = product(power, a) }
    return exponent < 0 ? try reciprocal(power) : power
  }

  /// The image of an integer.
  func image(of number: Int) -> FieldElement { each { $0.image(of: number) } }

  /// The image of a double.
  ///
  /// - Throws: `FieldFailure.notFinite` if it is infinite or not a number.
  func image(of number: Double) throws(FieldFailure) -> FieldElement {
    guard number.isFinite else { throw .notFinite }
    return each { $0.image(of: number) }
  }

  /// The scaled image of a finite double.
  @inline(__always)
  func scaledImage(of number: Double) -> FieldElement { each { $0.scaledImage(of: number) } }
}

/// Why something has no value in the fields.
enum FieldFailure: Error, Hashable {
  /// A denominator is zero in one of the fields: by chance, or always.
  case zeroDenominator
  /// An infinite number, or one that is not a number, is used in arithmetic.
  case notFinite
  /// There is no rule for the nonlinearity of this name.
  case noInterpretation(String)

  /// The reason why the proof fails, for a report.
  var reason: String {
    switch self {
    case .zeroDenominator: "a denominator is zero in the field"
    case .notFinite: "a number that is not finite is used in arithmetic"
    case .noInterpretation(let name): "the field proof has no rule for the nonlinearity \(name)"
    }
  }
}
