import Equilibria
import FileAccess
import LinearAlgebra
import Networks
import Operators
import TensorFiles

/// `{"type": "equilibrium", "model": {…}}`: the read-out of a model whose input is the layer's source.
struct EquilibriumLayerFormat: LayerFormat {
  let typeName = "equilibrium"
  let keys = ["model"]

  func read(_ object: JSONObject, name: String, sources: [ResolvedSource]) throws(FileError) -> Layer<Double>
  {
    let source = sources[0]
    let value = try object.required("model")
    let model = try EquilibriumFormat.read(JSONObject(value, keys: EquilibriumFormat.keys))
    if model.form == .matrix { try Self.refuseClashingPlaces(of: model, at: value) }
    guard model.inputSize == source.place.size else {
      throw try JSONObject(value, keys: nil).required("input").expected(
        "a shape of \(counted(source.place.size, "number")) (\(source.place.reason))",
        found: "\(model.inputShape)")
    }
    return try value.validModel { () throws(InvalidModel) in
      .implicit(try ImplicitLayer(name: name, source: source.source, model: model))
    }
  }

  /// Refuses blocks whose names give two places the same name, because the layer names the parts of whole
  /// matrices by their places. `EntryNames` has checked entries of the block form.
  private static func refuseClashingPlaces(
    of model: EquilibriumModel<Double>, at value: JSONValue
  ) throws(FileError) {
    var places: Set<String> = []
    for block in model.blocks {
      for term in block.terms {
        let place = model.place(of: term, in: block)
        guard places.insert(place).inserted else {
          throw value.expected(
            "blocks whose entries have different names", found: "two entries \(quoted(place))")
        }
      }
    }
  }

  func writes(_ layer: WrittenLayer) -> Bool { layer.block == nil }

  func write(_ layer: WrittenLayer, to writer: inout JSONWriter) throws(FileError) {
    guard case .implicit(let layer) = layer.layer else {
      throw writer.unwritable("a layer that is the equilibrium of a model", found: "another")
    }
    try writer.key("model")
    try writer.beginObject()
    try EquilibriumFormat.write(layer.model.withoutPlaceNames(), as: .blocks, to: &writer)
    try writer.end()
  }
}
