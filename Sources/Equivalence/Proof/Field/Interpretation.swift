/// The meaning of nonlinearities in a proof: arithmetic where possible, random functions for everything
/// else.
///
/// Each definition is a fact about real numbers, so that a function written in two ways has one value.
struct Interpretation: Sendable {
  /// The random functions.
  let functions: RandomFunctions
  /// The element that represents an infinite constant.
  let infinity: FieldElement

  /// The interpretation under a challenge.
  init(_ challenge: FieldChallenge) {
    functions = RandomFunctions(challenge)
    infinity = functions.hash(FunctionSymbol("infinity"), [], [])
  }

  /// The fields.
  var fields: FieldTriple { functions.fields }

  private static let absSymbol = FunctionSymbol("abs")
  private static let expSymbol = FunctionSymbol("exp")
  private static let tanhSymbol = FunctionSymbol("tanh")
  private static let softplusSymbol = FunctionSymbol("softplus")
  private static let sqrtSymbol = FunctionSymbol("sqrt")
  private static let logSymbol = FunctionSymbol("log")
  private static let positiveSymbol = FunctionSymbol("positive")
  private static let zeroSymbol = FunctionSymbol("zero")
  static let maxSymbol = FunctionSymbol("max")
  private static let clampSymbol = FunctionSymbol("clamp")

  /// |t|: even.
  func abs(_ t: FieldElement) -> FieldElement { t == .zero ? t : functions.even(Self.absSymbol, at: t) }

  /// max(t, 0) = (t + |t|) / 2.
  func relu(_ t: FieldElement) -> FieldElement { fields.half(fields.sum(t, abs(t))) }

  /// min(t, 0) = (t − |t|) / 2.
  func negativePart(_ t: FieldElement) -> FieldElement { fields.half(fields.difference(t, abs(t))) }

  /// eᵗ.
  func exp(_ t: FieldElement) -> FieldElement { t == .zero ? .one : functions.hash(Self.expSymbol, t) }

  /// tanh t: odd.
  func tanh(_ t: FieldElement) -> FieldElement { functions.odd(Self.tanhSymbol, at: t) }

  /// The logistic function, (1 + tanh(t/2)) / 2.
  func sigmoid(_ t: FieldElement) -> FieldElement { fields.half(fields.sum(.one, tanh(fields.half(t)))) }

  /// log(1 + eᵗ).
  func softplus(_ t: FieldElement) -> FieldElement { functions.hash(Self.softplusSymbol, t) }

  /// √t.
  func sqrt(_ t: FieldElement) -> FieldElement {
    t == .zero || t == .one ? t : functions.hash(Self.sqrtSymbol, t)
  }

  /// log t.
  func log(_ t: FieldElement) -> FieldElement { t == .one ? .zero : functions.hash(Self.logSymbol, t) }

  /// 1 if t > 0, else 0.
  func isPositive(_ t: FieldElement) -> FieldElement {
    t == .zero ? .zero : functions.hash(Self.positiveSymbol, t)
  }

  /// 1 if t = 0, else 0: even.
  func isZero(_ t: FieldElement) -> FieldElement {
    t == .zero ? .one : functions.even(Self.zeroSymbol, at: t)
  }

  /// ((1 + s) t + (1 − s) |t|) / 2: t if t > 0, else s t.
  func rectified(_ t: FieldElement, slope: FieldElement) -> FieldElement {
    let linear = fields.product(fields.sum(.one, slope), t)
    return fields.half(fields.sum(linear, fields.product(fields.difference(.one, slope), abs(t))))
  }

  /// The larger of two numbers.
  func maximum(_ p: FieldElement, _ q: FieldElement) -> FieldElement {
    fields.half(fields.sum(fields.sum(p, q), abs(fields.difference(p, q))))
  }

  /// The smaller of two numbers.
  func minimum(_ p: FieldElement, _ q: FieldElement) -> FieldElement {
    fields.half(fields.difference(fields.sum(p, q), abs(fields.difference(p, q))))
  }

  /// The largest of some numbers, at least one.
  func largest(_ elements: [FieldElement]) -> FieldElement {
    let distinct = distinctAscending(elements)
    switch distinct.count {
    case 1: return distinct[0]
    case 2: return maximum(distinct[0], distinct[1])
    default:
      let sum = distinct.reduce(.zero, fields.sum)
      // The number of elements is small, so it is not 0 in a field.
      let share = try! fields.reciprocal(fields.image(of: distinct.count))
      let mean = fields.product(sum, share)
      let centred = distinct.map { fields.difference($0, mean) }.sorted()
      return fields.sum(mean, functions.hash(Self.maxSymbol, [], centred))
    }
  }

  /// The distinct elements in ascending order.
  func distinctAscending(_ elements: [FieldElement]) -> [FieldElement] {
    let sorted = elements.sorted()
    return sorted.indices.filter { $0 == 0 || sorted[$0] != sorted[$0 - 1] }.map { sorted[$0] }
  }

  /// min(max(t, lower), upper); a nil bound is omitted.
  func clamp(_ t: FieldElement, from lower: Double?, to upper: Double?) throws(FieldFailure) -> FieldElement {
    switch (lower, upper) {
    case (nil, nil): return t
    case (let lower?, nil):
      let a = try fields.image(of: lower)
      return fields.sum(a, relu(fields.difference(t, a)))
    case (nil, let upper?):
      let b = try fields.image(of: upper)
      return fields.difference(b, relu(fields.difference(b, t)))
    case (let lower?, let upper?):
      let (a, b) = (try fields.image(of: lower), try fields.image(of: upper))
      guard lower < upper else { return b }
      let (width, half) = (fields.difference(b, a), fields.half(.one))
      let place = fields.difference(try fields.quotient(fields.difference(t, a), width), half)
      let share = fields.sum(half, functions.odd(Self.clampSymbol, at: place))
      return fields.sum(a, fields.product(width, share))
    }
  }
}
