/// Sizes that a file claims without having the numbers to show for it.
enum Sizes {
  /// The most coordinates that an input or a state may have: 512 MB for a sample. What is larger is a mistake or
  /// an attack, and would end in an allocation that fails.
  static let maximum = 1 << 26

  /// The shape of one sample of the input.
  static func readInput(_ object: JSONObject) throws(FileError) -> [Int] {
    let value = try object.required("input")
    var shape: [Int] = []
    var product = 1
    for axis in try value.elements("a list of sizes") {
      shape.append(try axis.size(atMost: maximum))
      let (next, overflow) = product.multipliedReportingOverflow(by: shape.last!)
      guard !overflow, next <= maximum else {
        throw value.expected("a shape of up to \(maximum) numbers", found: "more")
      }
      product = next
    }
    guard !shape.isEmpty else { throw value.expected("a list of sizes") }
    return shape
  }

  /// Writes the shape of one sample of the input.
  static func writeInput(_ shape: [Int], to writer: inout JSONWriter) throws(FileError) {
    try writer.key("input")
    guard !shape.isEmpty, shape.allSatisfy({ $0 > 0 }) else {
      throw writer.unwritable("a list of positive sizes", found: "\(shape)")
    }
    try writer.beginArray(.inLine)
    for size in shape { try writer.integer(size) }
    try writer.end()
  }
}
