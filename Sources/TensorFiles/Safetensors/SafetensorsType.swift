/// The types of elements that safetensors files have, by the names that they have there.
package enum SafetensorsType: String, CaseIterable {
  case F64, F32, F16, BF16
  case I64, I32, I16, I8, U64, U32, U16, U8
  case BOOL
  case C64
  case F8_E4M3, F8_E5M2, F8_E8M0, F8_E4M3FNUZ, F8_E5M2FNUZ
  case F6_E2M3, F6_E3M2, F4

  /// The number of bits of one element.
  package var bits: Int {
    switch self {
    case .F64, .I64, .U64, .C64: 64
    case .F32, .I32, .U32: 32
    case .F16, .BF16, .I16, .U16: 16
    case .I8, .U8, .BOOL, .F8_E4M3, .F8_E5M2, .F8_E8M0, .F8_E4M3FNUZ, .F8_E5M2FNUZ: 8
    case .F6_E2M3, .F6_E3M2: 6
    case .F4: 4
    }
  }

  /// The floating-point type whose numbers a model may have; nil for the others, which a file may have all the
  /// same.
  package var numbers: NumberType? {
    switch self {
    case .F64: .float64
    case .F32: .float32
    case .F16: .float16
    case .BF16: .bfloat16
    default: nil
    }
  }

  /// The type in which the file has such numbers.
  package init(_ numbers: NumberType) {
    switch numbers {
    case .float64: self = .F64
    case .float32: self = .F32
    case .float16: self = .F16
    case .bfloat16: self = .BF16
    }
  }
}
