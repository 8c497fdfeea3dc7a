import Blocks
import FileAccess
import LinearAlgebra
import Networks
import Operators
import TensorFiles

/// A nonlinearity as a layer: `{"type": "softmax", "dim": -1}`, `{"type": "product", "inputs": ["a",
/// "b"]}`, `{"type": "layer_norm", "normalized_shape": 64, "weight": […], "bias": […]}`. Its first ports
/// are its inputs, the others its parameters.
struct NonlinearLayerFormat: LayerFormat {
  private let type: any Nonlinearity.Type

  /// The format for layers of this nonlinearity.
  init(_ type: any Nonlinearity.Type) {
    self.type = type
  }

  var typeName: String { type.typeName }
  var keys: [String] { type.schema.names + type.parameterPorts.map(\.name) }
  var inputCount: ClosedRange<Int> { type.inputCount...type.inputCount }

  func read(_ object: JSONObject, name: String, sources: [ResolvedSource]) throws(FileError) -> Layer<Double>
  {
    let nonlinearity = try NonlinearityFormat.make(type, from: object, at: object.value)
    var portShapes = sources.map(\.shape)
    let required = type.parameterPorts.filter(\.isRequired).map { _ in portShapes[0] }
    guard let shape = nonlinearity.outputShape(portShapes: portShapes + required) else {
      throw object.value.expected(
        "what \(nonlinearity.description) takes",
        found: sources.map { "shape \($0.shape) (\($0.place.reason))" }.joined(separator: " and "))
    }
    let offsets = try parameters(of: object, nonlinearity, name: name, ports: portShapes)
    portShapes += offsets.map { _ in portShapes[0] }
    return .explicit(
      Block(
        name: name, shape: shape, nonlinearity: nonlinearity, portShapes: portShapes,
        terms: sources.enumerated().map { port, source in
          Term(port: port, source: source.source, map: IdentityMap(source.shape))
        }, offsets: offsets))
  }

  /// The ports that hold parameters; if one is missing, so are all after it.
  private func parameters(
    of object: JSONObject, _ nonlinearity: any Nonlinearity, name: String, ports: [[Int]]
  ) throws(FileError) -> [Offset<Double>] {
    var offsets: [Offset<Double>] = []
    for (index, port) in type.parameterPorts.enumerated() {
      guard let value = object.optional(port.name) else {
        if port.isRequired { _ = try object.required(port.name) }
        let behind = type.parameterPorts.dropFirst(index + 1).first { object.optional($0.name) != nil }
        if let behind {
          throw object.value.expected(
            "the key \(quoted(port.name)) beside \(quoted(behind.name))", found: "none")
        }
        break
      }
      let tensor = try value.tensorOrReference()
      let layouts = port.layouts(portShape: ports[0], attributes: nonlinearity.attributes)
      guard let layout = layouts.first(where: { $0.shape == tensor.shape }) else {
        let shapes = alternatives(layouts.map { "\($0.shape)" })
        throw value.expected("shape \(shapes)", found: "\(tensor.shape)")
      }
      offsets.append(
        LayerParts.spread(
          tensor, over: ports[0], along: layout.dims, port: type.inputCount + index,
          parameter: "\(name).\(port.name)"))
    }
    return offsets
  }

  func writes(_ layer: WrittenLayer) -> Bool {
    guard let block = layer.block, block.terms.count == type.inputCount,
      block.portShapes.count == type.inputCount + block.offsets.count,
      typeName != Identity.typeName, block.offsets.count <= type.parameterPorts.count
    else { return false }
    let areRead = block.terms.enumerated().allSatisfy { port, term in
      term.port == port && term.map is IdentityMap<Double> && term.map.inputShape == block.portShapes[port]
        && layer.source(term.source).shape == block.portShapes[port]
    }
    let areParameters = block.offsets.enumerated().allSatisfy { index, offset in
      let port = type.parameterPorts[index]
      let layouts = port.layouts(portShape: block.portShapes[0], attributes: block.nonlinearity.attributes)
      let layout = layouts.first { $0.shape == offset.tensor.shape }
      return offset.port == type.inputCount + index && block.portShapes[offset.port] == block.portShapes[0]
        && layout.map {
          LayerParts.isSpread(
            offset, of: "\(block.name).\(port.name)", shape: $0.shape, over: block.portShapes[0],
            along: $0.dims)
        } ?? false
    }
    return areRead && areParameters
      && block.nonlinearity.outputShape(portShapes: block.portShapes) == block.shape
  }

  func write(_ layer: WrittenLayer, to writer: inout JSONWriter) throws(FileError) {
    let block = layer.block!
    try AttributesFormat.write(block.nonlinearity.attributes, of: type.schema, to: &writer)
    for (port, offset) in zip(type.parameterPorts, block.offsets) {
      try writer.key(port.name)
      try writer.numbers(of: offset.tensor, name: "\(block.name).\(port.name)")
    }
  }
}
