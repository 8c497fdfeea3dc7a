import LinearAlgebra

/// A number of about 106 bits: the unevaluated sum of two doubles, of which the second is at most half a unit in the
/// last place of the first.
///
/// Dekker, *A floating-point technique for extending the available precision* (1971); sums and products as in Joldes,
/// Muller and Popescu, *Tight and rigorous error bounds for basic building blocks of double-word arithmetic* (2017),
/// whose relative errors are below `DoubleDouble.roundingError`. Every operation consists of additions,
/// multiplications and fused multiplications of doubles, so that every machine gives the same bits.
///
/// Exact as far as the exponents reach: no operand or result may overflow, or be so small that the second double would
/// be subnormal.
public struct DoubleDouble: Equatable, Sendable {
  /// The number, rounded to the nearest double.
  public let high: Double
  /// What is left of it.
  public let low: Double

  /// An upper bound of the relative error of a sum, a product, a quotient or a square root: 2⁻¹⁰⁰.
  public static let roundingError = 0x1p-100

  /// The sum of two doubles, exactly.
  ///
  /// - Precondition: `|high| ≥ |low|`, or `high` is 0.
  @inline(__always)
  init(high: Double, low: Double) {
    let sum = high + low
    self.high = sum
    self.low = low - (sum - high)
  }

  /// A double, exactly.
  @inline(__always)
  public init(_ value: Double) {
    (high, low) = (value, 0)
  }

  /// The nearest double.
  public var rounded: Double { high }

  /// |x|, as a double.
  public var magnitude: Double { abs(high) }

  @inline(__always)
  public static func + (left: DoubleDouble, right: DoubleDouble) -> DoubleDouble {
    let (high, error) = twoSum(left.high, right.high)
    let (low, lowError) = twoSum(left.low, right.low)
    let sum = DoubleDouble(high: high, low: error + low)
    return DoubleDouble(high: sum.high, low: sum.low + lowError)
  }

  @inline(__always)
  public static prefix func - (value: DoubleDouble) -> DoubleDouble {
    DoubleDouble(high: -value.high, low: -value.low)
  }

  @inline(__always)
  public static func - (left: DoubleDouble, right: DoubleDouble) -> DoubleDouble { left + -right }

  @inline(__always)
  public static func * (left: DoubleDouble, right: DoubleDouble) -> DoubleDouble {
    let product = left.high * right.high
    let error = (-product).addingProduct(left.high, right.high)
    let cross = (left.high * right.low).addingProduct(left.low, right.high)
    return DoubleDouble(high: product, low: error + cross)
  }

  public static func / (left: DoubleDouble, right: DoubleDouble) -> DoubleDouble {
    let first = left.high / right.high
    let rest = left - right * DoubleDouble(first)
    let second = rest.high / right.high
    let last = (rest - right * DoubleDouble(second)).high / right.high
    return DoubleDouble(high: first, low: second) + DoubleDouble(last)
  }

  @inline(__always)
  public static func += (left: inout DoubleDouble, right: DoubleDouble) { left = left + right }

  public static func < (left: DoubleDouble, right: DoubleDouble) -> Bool {
    left.high < right.high || left.high == right.high && left.low < right.low
  }

  /// The square root of a positive number: one step of Newton's method from the double's.
  public var squareRoot: DoubleDouble {
    guard high > 0 else { return DoubleDouble(0) }
    let root = DoubleDouble(high.squareRoot())
    return root + (self - root * root) / DoubleDouble(2 * root.high)
  }
}
