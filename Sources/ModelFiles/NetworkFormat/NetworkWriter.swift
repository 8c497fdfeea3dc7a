import Networks
import Operators

/// Writes a network: what has its default value is left out, except names.
enum NetworkWriter {
  /// Writes the keys of a network into the object that the writer is in.
  static func write(_ network: Network<Double>, to writer: inout JSONWriter) throws(FileError) {
    try Sizes.writeInput(network.inputShape, to: &writer)
    try writer.key("layers")
    try writer.beginArray()
    for index in network.layers.indices { try write(layer: index, of: network, to: &writer) }
    try writer.end()
    if network.output != network.layers.count - 1 {
      try writer.key("output")
      try writer.string(network.layers[network.output].name)
    }
  }

  private static func write(
    layer index: Int, of network: Network<Double>, to writer: inout JSONWriter
  ) throws(FileError) {
    let layer = network.layers[index]
    try writer.beginObject(.inLine)
    try writer.key("type")
    guard let format = LayerRegistry.all.first(where: { $0.writes(layer) }) else {
      throw writer.unwritable("a layer of a type that files have", found: "another")
    }
    try writer.string(format.typeName)
    try writer.key("name")
    guard !layer.name.isEmpty, layer.name != "input" else {
      throw writer.unwritable("a name for the layer", found: quoted(layer.name))
    }
    try writer.string(layer.name)
    try writeInputs(ofLayer: index, of: network, to: &writer)
    try format.write(layer, to: &writer)
    try writer.end()
  }

  /// Writes what a layer reads, unless it is the one before it.
  private static func writeInputs(
    ofLayer index: Int, of network: Network<Double>, to writer: inout JSONWriter
  ) throws(FileError) {
    let sources = network.layers[index].sources
    guard sources != [index == 0 ? .input : .node(index - 1)] else { return }
    try writer.key("inputs")
    try writer.beginArray(.inLine)
    for source in sources {
      switch source {
      case .input: try writer.string("input")
      case .node(let node): try writer.string(network.layers[node].name)
      }
    }
    try writer.end()
  }
}

extension Layer {
  /// What the layer reads, in the order of its terms.
  fileprivate var sources: [Source] {
    switch self {
    case .explicit(let block): block.terms.map(\.source)
    case .implicit(let layer): [layer.source]
    }
  }
}
