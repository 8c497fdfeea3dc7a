import Operators

/// The value of an attribute of any kind, as `Tests/Oracles/operators.json` has it.
public struct AttributeValue: Decodable, Sendable {
  /// The value.
  public let constant: Constant

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let flag = try? container.decode(Bool.self) {
      constant = .flag(flag)
    } else if let integers = try? container.decode([Int].self) {
      constant = .integers(integers)
    } else if let numbers = try? container.decode([Double].self) {
      constant = .numbers(numbers)
    } else if let number = try? container.decode(Double.self) {
      constant = .number(number)
    } else {
      constant = .word(try container.decode(String.self))
    }
  }
}
