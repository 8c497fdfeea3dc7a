import Blocks
import FileAccess
import LinearAlgebra
import Operators
import TensorFiles

/// What a value in a file reads or feeds: its shape, and how messages explain its size.
package struct Expectation {
  package let shape: [Int]
  /// `the size of "fc1"`.
  package let reason: String

  package var size: Int { shape.reduce(1, *) }
  var explained: (Int, String) { (size, reason) }
}

/// The linear map of an entry of `W_z` or `W_x`, or of a term of a layer:
/// `{…, "matrix": [[…]]}`, or `{…, "map": {"type": "conv", …}, "view": [3, 32, 32]}`.
enum TermFormat {
  /// The keys that say which map.
  static let keys = ["port", "view", "matrix", "map"]

  /// The map of an entry.
  ///
  /// - Parameters:
  ///   - source: What the entry reads; `view` says another shape of as many numbers to see it in.
  ///   - port: What the entry adds to.
  static func read(
    _ entry: JSONObject, reading source: Expectation, port: Expectation
  ) throws(FileError) -> any LinearMap<Double> {
    guard let value = entry.optional("map") else {
      let matrix = try entry.required("matrix")
      try refuse(["view"], in: entry, beside: "matrix")
      return DenseMap(try matrix.matrixOrReference(rows: port.explained, columns: source.explained))
    }
    try refuse(["matrix"], in: entry, beside: "map")
    let map = try LinearMapFormat.read(value, inputShape: view(of: entry, source))
    guard map.inputSize == source.size else {
      throw value.expected(
        "a map of \(counted(source.size, "number")) (\(source.reason))", found: "one of \(map.inputSize)")
    }
    guard map.outputSize == port.size else {
      throw value.expected(
        "a map to \(counted(port.size, "number")) (\(port.reason))",
        found: "one to \(map.outputSize), shape \(map.outputShape)")
    }
    return map
  }

  private static func view(of entry: JSONObject, _ source: Expectation) throws(FileError) -> [Int] {
    guard let value = entry.optional("view") else { return source.shape }
    let shape = try value.shape()
    guard shape.reduce(1, *) == source.size else {
      throw value.expected(
        "a shape of \(counted(source.size, "number")) (\(source.reason))", found: "\(shape)")
    }
    return shape
  }

  private static func refuse(_ keys: [String], in entry: JSONObject, beside key: String) throws(FileError) {
    for other in keys where entry.optional(other) != nil {
      throw entry.value.expected("no \(quoted(other)) beside \(quoted(key))", found: "both")
    }
  }

  /// Writes the keys that say which map.
  ///
  /// - Parameters:
  ///   - sourceShape: The shape of what the term reads.
  ///   - name: What the map's parameter is called in a weights file.
  static func write(
    _ term: Term<Double>, reading sourceShape: [Int], name: String, to writer: inout JSONWriter
  ) throws(FileError) {
    if term.map is DenseMap<Double> {
      try writer.key("matrix")
      return try writer.numbers(of: term.map.parameter!, name: name)
    }
    if term.map.inputShape != sourceShape {
      try writer.key("view")
      try writer.shape(term.map.inputShape)
    }
    try writer.key("map")
    try LinearMapFormat.write(term.map, name: name, to: &writer)
  }
}

/// The numbers of an entry of b, or of a layer's: `{…, "vector": […]}`, as long as the port; or numbers in any shape
/// and the map that makes the port's summand of them: `{…, "tensor": […], "map": {"type": "expand", …}}`.
enum OffsetFormat {
  /// The keys that say which numbers.
  static let keys = ["port", "vector", "tensor", "view", "map"]

  /// The summand of a port, without parameter.
  static func read(_ entry: JSONObject, port: Int, of place: Expectation) throws(FileError) -> Offset<Double>
  {
    if let value = entry.optional("vector") {
      for other in ["tensor", "view", "map"] where entry.optional(other) != nil {
        throw entry.value.expected("no \(quoted(other)) beside \"vector\"", found: "both")
      }
      return Offset(port: port, tensor: try value.vectorOrReference(place.size, place.reason))
    }
    // An entry that has neither is told of the key that most have.
    let value = try entry.required(entry.optional("tensor") == nil ? "vector" : "tensor")
    let tensor = try value.tensorOrReference()
    guard let mapValue = entry.optional("map") else {
      if let view = entry.optional("view") {
        throw view.expected("no \"view\" without a \"map\" that sees it", found: "one")
      }
      guard tensor.count == place.size else {
        throw value.expected("\(counted(place.size, "number")) (\(place.reason))", found: "\(tensor.count)")
      }
      return Offset(port: port, tensor: tensor)
    }
    let source = Expectation(shape: tensor.shape, reason: "the size of the tensor")
    let map = try TermFormat.read(entry, reading: source, port: place)
    guard map.parameter == nil else {
      throw mapValue.expected("a map without numbers of its own", found: type(of: map).typeName)
    }
    return Offset(port: port, tensor: tensor, map: map)
  }

  /// Writes the keys that say which numbers.
  ///
  /// - Parameter name: What the numbers are called in a weights file.
  static func write(_ offset: Offset<Double>, name: String, to writer: inout JSONWriter) throws(FileError) {
    let isVector = offset.map == nil && offset.tensor.shape.count == 1
    try writer.key(isVector ? "vector" : "tensor")
    try writer.numbers(of: offset.tensor, name: name)
    guard let map = offset.map else { return }
    if map.inputShape != offset.tensor.shape {
      try writer.key("view")
      try writer.shape(map.inputShape)
    }
    try writer.key("map")
    try LinearMapFormat.write(map, name: "", to: &writer)
  }
}
