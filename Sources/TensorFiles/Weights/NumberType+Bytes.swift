extension NumberType {
  /// The numbers in little-endian bytes, rounded to nearest, ties to even, if the type is narrower.
  package func bytes(of numbers: some Sequence<Double>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(numbers.underestimatedCount * size)
    for number in numbers {
      switch self {
      case .float64: withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes += $0 }
      case .float32: withUnsafeBytes(of: Float(number).bitPattern.littleEndian) { bytes += $0 }
      case .float16: withUnsafeBytes(of: halfBits(of: number).littleEndian) { bytes += $0 }
      case .bfloat16: withUnsafeBytes(of: upperHalfBits(of: number).littleEndian) { bytes += $0 }
      }
    }
    return bytes
  }
}

/// The number in IEEE half precision. `Float16` is not used, because macOS lacks it on some processors.
private func halfBits(of number: Double) -> UInt16 {
  let sign: UInt16 = number.sign == .minus ? 0x8000 : 0
  guard !number.isNaN else { return sign | 0x7E00 }
  let magnitude = number.magnitude
  // From the midpoint between the largest half and its successor.
  guard magnitude < 65_520 else { return sign | 0x7C00 }
  // Below 2^-14 all halves are a multiple of 2^-24 apart; above it 2^10 of them share an exponent.
  let exponent = max(magnitude == 0 ? -14 : Int(magnitude.exponent), -14)
  let units = Double(sign: .plus, exponent: 10 - exponent, significand: magnitude).rounded(.toNearestOrEven)
  // Units of a normal number include its leading bit, which adds 1 to the exponent's field.
  return sign | UInt16((exponent + 14) << 10) + UInt16(units)
}

/// The upper half of the number in single precision, rounded once: the digits lost by rounding to single
/// precision decide a tie.
private func upperHalfBits(of number: Double) -> UInt16 {
  let single = Float(number)
  guard !single.isNaN else { return UInt16(single.bitPattern >> 16) | 0x40 }
  let (upper, rest) = (UInt16(single.bitPattern >> 16), single.bitPattern & 0xFFFF)
  if rest != 0x8000 { return rest > 0x8000 ? upper + 1 : upper }
  let excess = number.magnitude - Double(single.magnitude)
  if excess != 0, excess.isFinite { return excess > 0 ? upper + 1 : upper }
  return upper & 1 == 0 ? upper : upper + 1
}
