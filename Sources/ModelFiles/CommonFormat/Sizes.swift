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
