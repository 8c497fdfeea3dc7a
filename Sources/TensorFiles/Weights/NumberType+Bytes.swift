extension NumberType {
  /// The numbers as a file has them, each rounded to nearest, ties to even, where the type is narrower; little-endian.
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

/// The number in IEEE half precision. Not by `Float16`, which macOS has not on every processor.
private func halfBits(of number: Double) -> UInt16 {
  let sign: UInt16 = number.sign == .minus ? 0x8000 : 0
  guard !number.isNaN else { return sign | 0x7E00 }
  let magnitude = number.magnitude
  // From the middle between the largest half and what would follow it.
  guard magnitude < 65_520 else { return sign | 0x7C00 }
  // Below 2^-14 all halves are a multiple of 2^-24 apart, above it 2^10 of them share an exponent.
  let exponent = max(magnitude == 0 ? -14 : Int(magnitude.exponent), -14)
  let units = Double(sign: .plus, exponent: 10 - exponent, significand: magnitude).rounded(.toNearestOrEven)
  // Units of a normal number include its leading bit, which adds 1 to the exponent's field.
  return sign | UInt16((exponent + 14) << 10) + UInt16(units)
}

/// The upper half of the number in single precision, rounded once: a number that lies in the middle only in single
/// precision is decided by what was rounded off.
private func upperHalfBits(of number: Double) -> UInt16 {
  let single = Float(number)
  guard !single.isNaN else { return UInt16(single.bitPattern >> 16) | 0x40 }
  let (upper, rest) = (UInt16(single.bitPattern >> 16), single.bitPattern & 0xFFFF)
  if rest != 0x8000 { return rest > 0x8000 ? upper + 1 : upper }
  let excess = number.magnitude - Double(single.magnitude)
  if excess != 0, excess.isFinite { return excess > 0 ? upper + 1 : upper }
  return upper & 1 == 0 ? upper : upper + 1
}
