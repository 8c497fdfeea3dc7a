import Blocks
import FileAccess
import LinearAlgebra
import Operators
import TensorFiles

/// The keys that describe a block, without its sources: `{…, "size": 512, "activation": "relu"}`, or `{…,
/// "shape": [8, 16, 16], "ports": [[8, 32, 32]], "activation": {"type": "max_pool", "kernel_size": 2}}`.
enum BlockFormat {
  /// The keys, as messages list them.
  static let keys = ["size", "shape", "ports", "activation"]

  /// The shape of a block, the shapes of its ports, and its nonlinearity.
  static func read(
    _ object: JSONObject
  ) throws(FileError) -> (shape: [Int], portShapes: [[Int]], nonlinearity: any Nonlinearity) {
    let shape: [Int]
    if let value = object.optional("shape") {
      if object.optional("size") != nil {
        throw object.value.expected("no \"size\" beside \"shape\"", found: "both")
      }
      shape = try value.shape()
    } else {
      shape = [try object.required("size").size(atMost: TensorSize.maximum)]
    }
    var portShapes = [shape]
    if let value = object.optional("ports") {
      portShapes = try value.elements("a list of shapes").map { port throws(FileError) in try port.shape() }
      guard !portShapes.isEmpty else { throw value.expected("a list of shapes") }
    }
    let nonlinearity = try NonlinearityFormat.read(
      object.required("activation"), portShapes: portShapes, shape: shape)
    return (shape, portShapes, nonlinearity)
  }

  /// The port that an entry adds to: `"port": 1`; the first by default.
  ///
  /// - Parameters:
  ///   - portShapes: The shapes of the block's ports.
  ///   - name: The block's name, for messages.
  static func readPort(
    _ entry: JSONObject, of portShapes: [[Int]], name: String
  ) throws(FileError) -> (port: Int, place: Expectation) {
    var port = 0
    if let value = entry.optional("port") {
      guard let number = value.integer(in: portShapes.indices) else {
        throw value.expected("a port of \(quoted(name)), from 0 to \(portShapes.count - 1)")
      }
      port = number
    }
    let reason =
      portShapes.count == 1 ? "the size of \(quoted(name))" : "the size of port \(port) of \(quoted(name))"
    return (port, Expectation(shape: portShapes[port], reason: reason))
  }

  /// Writes the keys, except those with default values.
  static func write(_ block: Block<Double>, to writer: inout JSONWriter) throws(FileError) {
    if block.shape.count == 1 {
      try writer.key("size")
      try writer.integer(block.size)
    } else {
      try writer.key("shape")
      try writer.shape(block.shape)
    }
    if block.portShapes != [block.shape] {
      try writer.key("ports")
      try writer.beginArray(.inLine)
      for shape in block.portShapes { try writer.shape(shape) }
      try writer.end()
    }
    try writer.key("activation")
    try NonlinearityFormat.write(block.nonlinearity, to: &writer)
  }

  /// Writes the port of an entry, unless it is the first.
  static func writePort(_ port: Int, to writer: inout JSONWriter) throws(FileError) {
    guard port > 0 else { return }
    try writer.key("port")
    try writer.integer(port)
  }
}
