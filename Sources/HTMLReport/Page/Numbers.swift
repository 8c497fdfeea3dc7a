import FileAccess

extension Markup {
  /// A count as a reader has it, `3,466`, with its exact value for a program.
  ///
  /// - Parameter key: The number's name in the JSON of `check` or `inspect`, where it has one.
  static func count(_ value: Int, key: String? = nil) -> Markup {
    .element(
      "data", [Attribute("value", value), Attribute("data-key", key)], [.text(FileAccess.text(value))])
  }

  /// A number to a few digits, with its exact value for a program.
  static func number(_ value: Double, digits: Int = 3, key: String? = nil) -> Markup {
    .element(
      "data", [Attribute("value", "\(value)"), Attribute("data-key", key)],
      [.text(shown(value, digits: digits))])
  }

  /// A share as a percentage: `29.5 %`.
  static func share(_ part: Int, of whole: Int) -> String {
    guard whole > 0 else { return "none" }
    let tenths = (Double(part) / Double(whole) * 1000).rounded() / 10
    return part > 0 && tenths == 0 ? "below 0.1 %" : "\(tenths) %"
  }
}

/// A number to a few digits; words where there is none.
func shown(_ value: Double, digits: Int = 3) -> String {
  guard value.isFinite else { return value.isNaN ? "not a number" : value < 0 ? "−∞" : "∞" }
  return FileAccess.text(value, digits: digits)
}

/// The extents of a shape: `3×32×32`; `1` for a scalar.
func shown(shape: [Int]) -> String {
  shape.isEmpty ? "1" : shape.map(String.init).joined(separator: "×")
}
