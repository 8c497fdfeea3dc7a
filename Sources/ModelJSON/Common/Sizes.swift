import Operators

/// Sizes that a file claims without having the numbers to show for it.
enum Sizes {
  /// The most coordinates that an input or a state may have: 512 MB for a sample. What is larger is a mistake or
  /// an attack, and would end in an allocation that fails.
  static let maximum = 1 << 26

  /// The shape of one sample of the input.
  static func readInput(_ object: JSONObject) throws(FileError) -> [Int] {
    try object.required("input").shape()
  }

  /// Writes the shape of one sample of the input.
  static func writeInput(_ shape: [Int], to writer: inout JSONWriter) throws(FileError) {
    try writer.key("input")
    try writer.shape(shape)
  }
}

/// The coordinates that the linear maps of one file claim: some keep a table of them, however few numbers the file has
/// for it.
struct ClaimedSizes {
  /// The most that is granted to all maps together: a gigabyte of tables.
  private static let maximum = 1 << 27
  private var total = 0

  /// Notes a map, if it is of those that keep a table.
  mutating func claim(_ map: any LinearMap<Double>, at value: JSONValue) throws(FileError) {
    guard map is any IndexMap || map is any Operators.Reduction || map is Scale<Double> else { return }
    total += map is Place<Double> ? map.inputSize : max(map.inputSize, map.outputSize)
    guard total <= Self.maximum else {
      throw value.expected(
        "up to \(Self.maximum) coordinates of all maps that rearrange, scale or add up", found: "more")
    }
  }
}
