import Networks
import Operators

/// `{"type": "equilibrium", "model": {…}}`: the read-out of a model whose input is what the layer reads.
enum EquilibriumLayerFormat: LayerFormat {
  static let typeName = "equilibrium"
  static let keys = ["model"]

  static func read(_ object: JSONObject, name: String) throws(FileError) -> LayerDraft {
    let value = try object.required("model")
    let model = try EquilibriumFormat.read(JSONObject(value, keys: EquilibriumFormat.keys))
    return LayerDraft(size: model.outputSize) { source throws(FileError) in
      guard model.inputSize == source.size else {
        throw try JSONObject(value, keys: nil).required("input").expected(
          "a shape of \(source.size) numbers (\(source.reason))", found: "\(model.inputShape)")
      }
      return .implicit(ImplicitLayer(name: name, source: source.source, model: model))
    }
  }

  static func writes(_ layer: Layer<Double>) -> Bool {
    if case .implicit = layer { true } else { false }
  }

  static func write(_ layer: Layer<Double>, to writer: inout JSONWriter) throws(FileError) {
    guard case .implicit(let layer) = layer else { preconditionFailure("a layer of another type") }
    try writer.key("model")
    try writer.beginObject()
    try EquilibriumFormat.write(layer.model, as: .blocks, to: &writer)
    try writer.end()
  }
}
