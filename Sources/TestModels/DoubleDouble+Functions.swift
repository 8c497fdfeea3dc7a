/// Elementary functions by the Taylor series of eˣ − 1, whose argument is first halved until it is below 2⁻⁹.
extension DoubleDouble {
  /// ln 2, in two doubles.
  private static let logarithmOfTwo = DoubleDouble(high: 0x1.62e42fefa39efp-1, low: 0x1.abc9e3b39803fp-56)
  private static let halvings = 9

  /// eˣ − 1 for |x| below 1, with a small relative error for small x too.
  private var exponentialMinusOneNearZero: DoubleDouble {
    let x = self * DoubleDouble(1 / Double(1 << Self.halvings))
    var (power, sum) = (x, x)
    for count in 2...14 {
      power = power * x / DoubleDouble(Double(count))
      sum += power
    }
    // e²ˣ − 1 = 2s + s² for s = eˣ − 1.
    for _ in 0..<Self.halvings { sum = sum + sum + sum * sum }
    return sum
  }

  /// eˣ − 1.
  ///
  /// - Precondition: |x| is at most 500, so that nothing overflows.
  var exponentialMinusOne: DoubleDouble {
    precondition(magnitude <= 500, "an exponential of \(high)")
    let twos = (high / Self.logarithmOfTwo.high).rounded()
    let near = (self - Self.logarithmOfTwo * DoubleDouble(twos)).exponentialMinusOneNearZero
    guard twos != 0 else { return near }
    let scale = DoubleDouble(Double(sign: .plus, exponent: Int(twos), significand: 1))
    return near * scale + (scale - DoubleDouble(1))
  }

  /// eˣ.
  var exponential: DoubleDouble { exponentialMinusOne + DoubleDouble(1) }

  /// tanh x = t / (t + 2) for t = e²ˣ − 1, by the magnitude of x.
  var hyperbolicTangent: DoubleDouble {
    guard high >= 0 else { return -(-self).hyperbolicTangent }
    let t = (self + self).exponentialMinusOne
    return t / (t + DoubleDouble(2))
  }

  /// 1 / (1 + e⁻ˣ).
  var logistic: DoubleDouble { DoubleDouble(1) / (DoubleDouble(1) + (-self).exponential) }
}
