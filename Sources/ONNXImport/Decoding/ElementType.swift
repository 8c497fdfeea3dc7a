import TensorFiles

/// The types of a tensor's elements, by ONNX's numbers.
package enum ElementType: Int {
  case float32 = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case string = 8
  case bool = 9
  case float16 = 10
  case float64 = 11
  case uint32 = 12
  case uint64 = 13
  case complex64 = 14
  case complex128 = 15
  case bfloat16 = 16

  /// The type of a name that opsets before 6 have, such as `FLOAT`; nil for an unknown one.
  package init?(word: String) {
    let names: [String: ElementType] = [
      "FLOAT": .float32, "DOUBLE": .float64, "FLOAT16": .float16, "INT8": .int8, "UINT8": .uint8,
      "INT16": .int16,
      "UINT16": .uint16, "INT32": .int32, "UINT32": .uint32, "INT64": .int64, "UINT64": .uint64,
      "BOOL": .bool,
    ]
    guard let type = names[word] else { return nil }
    self = type
  }

  /// The type's name in messages.
  package var name: String { "\(self)" }

  /// The encoding of its numbers in a file, for a floating-point type.
  package var numberType: NumberType? {
    switch self {
    case .float64: .float64
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    default: nil
    }
  }

  /// The number of bytes and whether there is a sign, for an integer or Boolean type.
  package var integer: (size: Int, isSigned: Bool)? {
    switch self {
    case .int8: (1, true)
    case .uint8, .bool: (1, false)
    case .int16: (2, true)
    case .uint16: (2, false)
    case .int32: (4, true)
    case .uint32: (4, false)
    case .int64: (8, true)
    case .uint64: (8, false)
    default: nil
    }
  }

  /// The name of a type by number, for messages.
  package static func name(of number: Int) -> String {
    ElementType(rawValue: number)?.name ?? "type \(number)"
  }
}
