import FileAccess
import Operators
import TensorFiles

/// Sizes that a file claims without having the numbers to show for it.
package enum Sizes {
  /// The most coordinates that an input or a state may have: 512 MB for a sample. What is larger is a mistake or
  /// an attack, and would end in an allocation that fails.
  package static let maximum = 1 << 26

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

extension JSONDocument {
  /// The most coordinates that are granted to all maps of one file together: a gigabyte of tables.
  private static let maximumClaim = 1 << 27

  /// Notes the coordinates of a map, if it is of those that keep a table of them, however few numbers the file has for
  /// it.
  ///
  /// - Throws: `FileError` of kind `badData` at `value` where the maps of the file claim too much together.
  package func claim(_ map: any LinearMap<Double>, at value: JSONValue) throws(FileError) {
    guard map is any IndexMap || map is any Operators.Reduction || map is Scale<Double> else { return }
    claimedCoordinates += map is Place<Double> ? map.inputSize : max(map.inputSize, map.outputSize)
    guard claimedCoordinates <= Self.maximumClaim else {
      throw value.expected(
        "up to \(Self.maximumClaim) coordinates of all maps that rearrange, scale or add up", found: "more")
    }
  }
}
