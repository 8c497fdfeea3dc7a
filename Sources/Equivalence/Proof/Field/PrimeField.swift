/// The integers modulo a prime between 2⁶⁰ and about 2⁶¹.
///
/// Products are reduced by Montgomery's method (1985): `reduced` divides by 2⁶⁴. So multiplying by a number
/// whose *scaled* image (times 2⁶⁴) is known costs one reduction, even for a whole sum of products.
struct PrimeField: Sendable {
  /// The prime p.
  let modulus: UInt64
  /// p⁻¹ modulo 2⁶⁴.
  let inverse: UInt64
  /// 2¹²⁸ modulo p: multiplying by it gives the scaled image.
  let scale: UInt64
  /// ⌊2¹²⁴ / p⌋: the first digits of 1/p.
  let reciprocal: UInt64
  /// The scaled images of the scaled images of 2ᵉ, from e = −1074 on.
  private let powers: [UInt64]

  /// The field of this prime.
  init(modulus: UInt64) {
    precondition(modulus >> 60 != 0 && modulus >> 62 == 0 && modulus & 1 == 1, "a prime of another size")
    self.modulus = modulus
    var inverse: UInt64 = modulus
    for _ in 0..<6 { inverse = inverse &* (2 &- modulus &* inverse) }
    self.inverse = inverse
    reciprocal = modulus.dividingFullWidth((1 << 60, 0)).quotient
    let one = modulus.dividingFullWidth((1, 0)).remainder
    scale = modulus.dividingFullWidth((one, 0)).remainder
    var power = scale
    for _ in 0..<1074 { power = (power & 1 == 0 ? power : power &+ modulus) >> 1 }
    powers = (0...2045).map { _ in
      defer { power = power >= modulus &- power ? power &- (modulus &- power) : power &+ power }
      return power
    }
  }

  /// A sum modulo p.
  @inline(__always)
  func sum(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let sum = a &+ b
    return sum >= modulus ? sum &- modulus : sum
  }

  /// A difference modulo p.
  @inline(__always)
  func difference(_ a: UInt64, _ b: UInt64) -> UInt64 { a >= b ? a &- b : a &+ (modulus &- b) }

  /// The negative of a number.
  @inline(__always)
  func negative(_ a: UInt64) -> UInt64 { a == 0 ? 0 : modulus &- a }

  /// A number of 64 bits modulo p.
  @inline(__always)
  func remainder(_ number: UInt64) -> UInt64 {
    // The quotient is correct or one too small, since the relative error of the reciprocal is below 2⁻⁶².
    let rest = number &- (number.multipliedFullWidth(by: reciprocal).high >> 60) &* modulus
    return rest >= modulus ? rest &- modulus : rest
  }

  /// A number of 128 bits divided by 2⁶⁴, modulo p.
  @inline(__always)
  func reduced(_ high: UInt64, _ low: UInt64) -> UInt64 {
    let correction = (low &* inverse).multipliedFullWidth(by: modulus).high
    return difference(remainder(high), correction)
  }

  /// The product of a scaled image and a number.
  @inline(__always)
  func product(scaled a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    let correction = (product.low &* inverse).multipliedFullWidth(by: modulus).high
    return difference(product.high, correction)
  }

  /// The scaled image of a number.
  @inline(__always)
  func scaled(_ a: UInt64) -> UInt64 { product(scaled: scale, a) }

  /// A product modulo p.
  @inline(__always)
  func product(_ a: UInt64, _ b: UInt64) -> UInt64 { product(scaled: scaled(a), b) }

  /// A number of 128 bits modulo p.
  func remainder(_ high: UInt64, _ low: UInt64) -> UInt64 { scaled(reduced(high, low)) }

  /// The inverse of a non-zero number: its power p − 2 (Fermat).
  func reciprocal(of a: UInt64) -> UInt64 {
    var exponent = modulus - 2
    var (square, power) = (scaled(a), UInt64(1))
    while exponent > 0 {
      if exponent & 1 == 1 { power = product(scaled: square, power) }
      square = product(scaled: square, square)
      exponent >>= 1
    }
    return power
  }

  /// The scaled image of a finite double, m·2ᵉ.
  @inline(__always)
  func scaledImage(of number: Double) -> UInt64 {
    let bits = number.bitPattern
    let (exponent, fraction) = (Int(bits >> 52 & 0x7FF), bits & 0xF_FFFF_FFFF_FFFF)
    let magnitude =
      exponent == 0
      ? product(scaled: powers[0], fraction) : product(scaled: powers[exponent - 1], fraction | 1 << 52)
    return number.sign == .minus ? negative(magnitude) : magnitude
  }

  /// The image of a finite double.
  func image(of number: Double) -> UInt64 { product(scaled: scaledImage(of: number), 1) }

  /// The image of an integer.
  func image(of number: Int) -> UInt64 {
    number < 0 ? negative(remainder(UInt64(number.magnitude))) : remainder(UInt64(number.magnitude))
  }
}

/// Whether a number is a prime: the test of Miller and Rabin, which is exact below 2⁶⁴ with these bases
/// (Sorenson and Webster 2015).
func isPrime(_ number: UInt64) -> Bool {
  let bases: [UInt64] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37]
  if let divisor = bases.first(where: { number % $0 == 0 }) { return number == divisor }
  guard number > 1 else { return false }
  let twos = (number - 1).trailingZeroBitCount
  return bases.allSatisfy { base in
    var power = remainderOfPower(base, (number - 1) >> UInt64(twos), modulo: number)
    if power == 1 || power == number - 1 { return true }
    for _ in 1..<max(1, twos) {
      power = number.dividingFullWidth(power.multipliedFullWidth(by: power)).remainder
      if power == number - 1 { return true }
    }
    return false
  }
}

/// `base` to a power, modulo a number.
private func remainderOfPower(_ base: UInt64, _ exponent: UInt64, modulo number: UInt64) -> UInt64 {
  var (exponent, square, power) = (exponent, base % number, UInt64(1))
  while exponent > 0 {
    if exponent & 1 == 1 { power = number.dividingFullWidth(power.multipliedFullWidth(by: square)).remainder }
    square = number.dividingFullWidth(square.multipliedFullWidth(by: square)).remainder
    exponent >>= 1
  }
  return power
}
