import FileAccess
import Operators
import TensorFiles

extension JSONValue {
  /// The shape of a tensor: a list of positive sizes whose product is within `Sizes.maximum`.
  package func shape() throws(FileError) -> [Int] {
    var shape: [Int] = []
    var product = 1
    let axes = try elements("a list of sizes")
    guard axes.count <= TensorSize.maximumRank else {
      throw expected("up to \(TensorSize.maximumRank) axes", found: "\(axes.count)")
    }
    for axis in axes {
      shape.append(try axis.size(atMost: Sizes.maximum))
      let (next, overflow) = product.multipliedReportingOverflow(by: shape.last!)
      guard !overflow, next <= Sizes.maximum else {
        throw expected("a shape of up to \(Sizes.maximum) numbers", found: "more")
      }
      product = next
    }
    guard !shape.isEmpty else { throw expected("a list of sizes") }
    return shape
  }
}

extension JSONWriter {
  /// Writes the shape of a tensor.
  package mutating func shape(_ shape: [Int]) throws(FileError) {
    guard !shape.isEmpty, shape.allSatisfy({ $0 > 0 }) else {
      throw unwritable("a list of positive sizes", found: "\(shape)")
    }
    try integers(shape)
  }

  /// Writes an array of integers on one line.
  package mutating func integers(_ integers: [Int]) throws(FileError) {
    try beginArray(.inLine)
    for integer in integers { try self.integer(integer) }
    try end()
  }
}
