import LinearAlgebra

/// `σ(p) = p^exponent` with a constant exponent, as in `torch.pow`; for negative p only with an integer exponent, else
/// NaN. The derivative is 0 for the exponent 0, at p = 0 too.
public struct Pow: ScalarActivation {
  public static let typeName = "pow"
  public static let schema = OperatorSchema(
    "p to the power exponent",
    .number("exponent", "the exponent"))
  public static let isActivation = false

  /// The exponent.
  public let exponent: Double

  /// The function with this exponent.
  public init(exponent: Double) {
    self.exponent = exponent
  }

  public init(attributes: Attributes) throws(InvalidConstants) {
    self.init(exponent: attributes.number("exponent"))
  }

  public var attributes: Attributes { ["exponent": .number(exponent)] }
  public var slopes: ClosedRange<Double>? { -.infinity ... .infinity }
  public var isPiecewiseLinear: Bool { exponent == 0 || exponent == 1 }

  public func value<S: Scalar>(_ p: S) -> S {
    power(p, S(exponent))
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    exponent == 0 ? 0 : S(exponent) * power(p, S(exponent - 1))
  }
}

/// `p^q` as in C's `pow`: 1 for q = 0. For negative p the sign is negative where q is odd, and the value NaN where q is
/// not an integer.
func power<S: Scalar>(_ p: S, _ q: S) -> S {
  if q == 0 || p == 1 { return 1 }
  if p.isNaN || q.isNaN { return p + q }
  if p.sign == .plus { return S.pow(p, q) }
  let isInteger = q.rounded(.towardZero) == q
  let isOdd = isInteger && q.truncatingRemainder(dividingBy: 2) != 0
  if !isInteger, p < 0, p.isFinite { return .nan }
  let magnitude = S.pow(-p, q)
  return isOdd ? -magnitude : magnitude
}
