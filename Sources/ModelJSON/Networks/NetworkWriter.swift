import Blocks
import FileAccess
import Networks
import Operators
import TensorFiles

/// Writes a network, without keys that have default values, except names.
package enum NetworkWriter {
  /// Writes the keys of a network into the current object.
  package static func write(_ network: Network<Double>, to writer: inout JSONWriter) throws(FileError) {
    try Sizes.writeInput(network.inputShape, to: &writer)
    try writer.key("layers")
    try writer.beginArray()
    for index in network.layers.indices { try write(layer: index, of: network, to: &writer) }
    try writer.end()
    if network.output != network.layers.count - 1 {
      try writer.key("output")
      try writer.string(network.layers[network.output].name)
    }
    try SignatureFormat.write(network.signature, to: &writer)
  }

  private static func write(
    layer index: Int, of network: Network<Double>, to writer: inout JSONWriter
  ) throws(FileError) {
    let layer = WrittenLayer(layer: network.layers[index]) { source in
      switch source {
      case .input: (network.inputShape, "input")
      case .node(let node): (network.layers[node].shape, network.layers[node].name)
      }
    }
    try writer.beginObject(.inLine)
    try writer.key("type")
    guard let format = LayerRegistry.writer(of: layer) else {
      throw writer.unwritable("a layer whose type has a file format", found: "another")
    }
    try writer.string(format.typeName)
    try writer.key("name")
    let name = layer.layer.name
    guard !name.isEmpty, name != "input" else {
      throw writer.unwritable("a name for the layer", found: quoted(name))
    }
    try writer.string(name)
    try writeInputs(of: layer, at: index, isGeneral: format is BlockLayerFormat, to: &writer)
    try format.write(layer, to: &writer)
    try writer.end()
  }

  /// Writes a layer's sources, unless its only source is the previous layer.
  ///
  /// - Parameter isGeneral: Whether the layer's terms name their sources, so that each source is listed
  ///   once.
  private static func writeInputs(
    of layer: WrittenLayer, at index: Int, isGeneral: Bool, to writer: inout JSONWriter
  ) throws(FileError) {
    var sources = layer.sources
    if isGeneral {
      var seen: Set<Source> = []
      sources = sources.filter { seen.insert($0).inserted }
      // A layer with only offsets has no sources, but the format requires one.
      if sources.isEmpty { sources = [.input] }
    }
    guard isGeneral || sources != [index == 0 ? .input : .node(index - 1)] else { return }
    try writer.key("inputs")
    try writer.beginArray(.inLine)
    for source in sources { try writer.string(layer.source(source).name) }
    try writer.end()
  }
}
