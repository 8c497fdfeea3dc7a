/// How a floating-point number stands in a weights file, always little-endian.
public enum NumberType: String, CaseIterable, Sendable {
  /// IEEE double precision.
  case float64
  /// IEEE single precision.
  case float32
  /// IEEE half precision.
  case float16
  /// The upper half of a single-precision number.
  case bfloat16

  /// The number of bytes of one number.
  public var size: Int {
    switch self {
    case .float64: 8
    case .float32: 4
    case .float16, .bfloat16: 2
    }
  }

  /// The numbers of a run of bytes, each widened exactly; their beginning need not be aligned.
  ///
  /// - Precondition: `bytes.count` is a multiple of `size`.
  package func numbers(in bytes: UnsafeRawBufferPointer) -> [Double] {
    let count = bytes.count / size
    return [Double](unsafeUninitializedCapacity: count) { numbers, initialized in
      switch self {
      case .float64:
        for index in 0..<count {
          let bits = bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)
          numbers[index] = Double(bitPattern: UInt64(littleEndian: bits))
        }
      case .float32:
        for index in 0..<count {
          let bits = bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
          numbers[index] = Double(Float(bitPattern: UInt32(littleEndian: bits)))
        }
      case .float16:
        for index in 0..<count {
          let bits = bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
          numbers[index] = widened(half: UInt16(littleEndian: bits))
        }
      case .bfloat16:
        for index in 0..<count {
          let bits = bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
          numbers[index] = Double(Float(bitPattern: UInt32(UInt16(littleEndian: bits)) << 16))
        }
      }
      initialized = count
    }
  }
}

/// An IEEE half-precision number as a double. Not by `Float16`, which macOS has not on every processor.
private func widened(half bits: UInt16) -> Double {
  let sign: FloatingPointSign = bits & 0x8000 == 0 ? .plus : .minus
  let (exponent, fraction) = (Int(bits >> 10) & 0x1F, Double(bits & 0x3FF) * 0x1p-10)
  let magnitude: Double =
    switch exponent {
    case 0: fraction * 0x1p-14
    case 0x1F: fraction == 0 ? .infinity : .nan
    default: Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction)
    }
  return Double(signOf: sign == .minus ? -1 : 1, magnitudeOf: magnitude)
}
