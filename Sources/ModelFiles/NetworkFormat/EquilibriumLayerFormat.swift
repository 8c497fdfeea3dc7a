import Equilibria
import LinearAlgebra
import Networks
import Operators

/// `{"type": "equilibrium", "model": {…}}`: the read-out of a model whose input is what the layer reads.
enum EquilibriumLayerFormat: LayerFormat {
  static let typeName = "equilibrium"
  static let keys = ["model"]

  static func read(_ object: JSONObject, name: String) throws(FileError) -> LayerDraft {
    let value = try object.required("model")
    let model = try EquilibriumFormat.read(JSONObject(value, keys: EquilibriumFormat.keys))
    if model.form == .matrix { try refuseClashingPlaces(of: model, at: value) }
    return LayerDraft(size: model.outputSize) { source throws(FileError) in
      guard model.inputSize == source.size else {
        throw try JSONObject(value, keys: nil).required("input").expected(
          "a shape of \(counted(source.size, "number")) (\(source.reason))", found: "\(model.inputShape)")
      }
      return try value.validModel { () throws(InvalidModel) in
        .implicit(try ImplicitLayer(name: name, source: source.source, model: model))
      }
    }
  }

  /// Refuses blocks whose names spell two places alike; the layer names the parts of whole matrices by their places.
  /// Entries of the block form have been through `EntryNames`.
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

  static func writes(_ layer: Layer<Double>) -> Bool {
    if case .implicit = layer { true } else { false }
  }

  static func write(_ layer: Layer<Double>, to writer: inout JSONWriter) throws(FileError) {
    guard case .implicit(let layer) = layer else { preconditionFailure("a layer of another type") }
    try writer.key("model")
    try writer.beginObject()
    try EquilibriumFormat.write(withoutPlaceNames(layer.model), as: .blocks, to: &writer)
    try writer.end()
  }

  /// The model as a file has it: an entry that is called by its place has no parameter there.
  private static func withoutPlaceNames(_ model: EquilibriumModel<Double>) -> EquilibriumModel<Double> {
    var blocks = model.blocks
    for (index, block) in model.blocks.enumerated() {
      for (position, term) in block.terms.enumerated()
      where term.parameter == model.place(of: term, in: block) {
        blocks[index].terms[position].parameter = nil
      }
      for (position, offset) in block.offsets.enumerated()
      where offset.parameter == model.place(of: offset, in: block) {
        blocks[index].offsets[position].parameter = nil
      }
    }
    // Names do not change what has been validated.
    return try! EquilibriumModel(inputShape: model.inputShape, blocks: blocks, output: model.output)
  }
}
