import Blocks
import FileAccess
import LinearAlgebra
import Networks
import Operators
import TensorFiles

/// A linear map as a layer: `{"type": "conv", "weight": [[[[…]]]], "bias": […], "stride": 2, "activation": "relu"}`.
struct LinearLayerFormat: LayerFormat {
  private let type: any LinearMap<Double>.Type

  /// The format of layers of this map.
  init(_ type: any LinearMap<Double>.Type) {
    self.type = type
  }

  var typeName: String { type.typeName }
  var keys: [String] { LinearMapFormat.ownKeys(type) + ["bias", "activation"] }

  func read(_ object: JSONObject, name: String, sources: [ResolvedSource]) throws(FileError) -> Layer<Double>
  {
    let source = sources[0]
    let map = try LinearMapFormat.make(type, from: object, at: object.value, inputShape: source.shape)
    let bias = try LayerParts.parameter("bias", of: object, shape: map.biasShape)
    return .explicit(
      Block(
        name: name, shape: map.outputShape,
        nonlinearity: try LayerParts.activation(object, shape: map.outputShape),
        terms: [
          Term(
            source: source.source, map: map, parameter: type.hasParameter ? parameter(of: name) : nil)
        ],
        offsets: bias.map {
          [LayerParts.spread($0, over: map.outputShape, along: map.biasDims, parameter: "\(name).bias")]
        } ?? []))
  }

  private func parameter(of layer: String) -> String { "\(layer).\(LinearMapFormat.parameterKey)" }

  func writes(_ layer: WrittenLayer) -> Bool {
    guard let block = layer.block, block.portShapes == [block.shape], block.terms.count == 1 else {
      return false
    }
    let (term, map) = (block.terms[0], block.terms[0].map)
    let bias = block.offsets.first
    return map.inputShape == layer.source(term.source).shape && map.outputShape == block.shape
      && term.parameter == (type.hasParameter ? parameter(of: block.name) : nil)
      && block.offsets.count <= 1
      && (bias.map {
        LayerParts.isSpread(
          $0, of: "\(block.name).bias", shape: map.biasShape, over: block.shape, along: map.biasDims)
      } ?? true)
  }

  func write(_ layer: WrittenLayer, to writer: inout JSONWriter) throws(FileError) {
    let block = layer.block!
    try LinearMapFormat.writeOwnKeys(block.terms[0].map, name: parameter(of: block.name), to: &writer)
    try LayerParts.writeBias(of: block, to: &writer)
    try LayerParts.writeActivation(of: block, to: &writer)
  }
}
