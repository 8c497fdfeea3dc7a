import FileAccess
import Operators
import TensorFiles

/// Sizes that a file claims without containing the numbers, at most `TensorSize.maximum`.
package enum Sizes {
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
  /// The most coordinates of all tables of maps in one file together.
  private static var maximumClaim: Int { MemoryBudget.bytes / 8 }

  /// Counts the coordinates of a map that keeps a table of them, even if the file has few numbers for it.
  ///
  /// - Throws: `FileError` of kind `badData` at `value` if the maps of the file claim too much together.
  package func claim(_ map: any LinearMap<Double>, at value: JSONValue) throws(FileError) {
    guard map is any IndexMap || map is any Reduction || map is Scale<Double> else { return }
    try claim(map is Place<Double> ? map.inputSize : max(map.inputSize, map.outputSize), at: value)
  }

  /// Counts numbers that an entry of the file takes in memory without having them.
  ///
  /// - Throws: `FileError` of kind `badData` at `value` if the entries of the file claim too much together.
  package func claim(_ numbers: Int, at value: JSONValue) throws(FileError) {
    claimedCoordinates += numbers
    guard claimedCoordinates <= Self.maximumClaim else {
      throw value.expected(
        "up to \(Self.maximumClaim) coordinates of all maps that rearrange, scale or add up (--memory-limit raises this)",
        found: "more")
    }
  }
}
