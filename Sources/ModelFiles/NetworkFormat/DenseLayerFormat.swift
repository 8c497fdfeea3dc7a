import LinearAlgebra
import Networks
import Operators

/// `{"type": "dense", "weight": [[…]], "bias": […], "activation": "relu"}`: `σ(W x + b)`.
enum DenseLayerFormat: LayerFormat {
  static let typeName = "dense"
  static let keys = ["weight", "bias", "activation"]

  static func read(_ object: JSONObject, name: String) throws(FileError) -> LayerDraft {
    let weightValue = try object.required("weight")
    let weight = try weightValue.matrix()
    let bias = try object.optional("bias")?.vector(weight.rows, "the rows of weight")
    let nonlinearity: any Nonlinearity =
      if let value = object.optional("activation") {
        try ActivationFormat.read(value, size: weight.rows)
      } else {
        Identity()
      }
    return LayerDraft(size: weight.rows) { source throws(FileError) in
      guard weight.columns == source.size else {
        throw weightValue.expected(
          "rows of \(counted(source.size, "number")) (\(source.reason))", found: "\(weight.columns)")
      }
      return .explicit(
        Block(
          name: name, size: weight.rows, nonlinearity: nonlinearity,
          terms: [Term(source: source.source, map: DenseMap(weight), parameter: "\(name).weight")],
          offsets: bias.map { [Offset(vector: $0, parameter: "\(name).bias")] } ?? []))
    }
  }

  static func writes(_ layer: Layer<Double>) -> Bool {
    if case .explicit = layer { true } else { false }
  }

  static func write(_ layer: Layer<Double>, to writer: inout JSONWriter) throws(FileError) {
    guard case .explicit(let block) = layer else { preconditionFailure("a layer of another type") }
    try writer.key("weight")
    guard isDense(block) else {
      throw writer.unwritable("a dense layer with its own weight and bias", found: "another kind of layer")
    }
    try writer.matrix(block.terms[0].map.matrix)
    if let offset = block.offsets.first {
      try writer.key("bias")
      try writer.numbers(offset.vector)
    }
    if type(of: block.nonlinearity).typeName != Identity.typeName {
      try writer.key("activation")
      try ActivationFormat.write(block.nonlinearity, to: &writer)
    }
  }

  /// Whether the block is what reading a dense layer gives.
  private static func isDense(_ block: Block<Double>) -> Bool {
    block.portSizes == [block.size] && block.terms.count == 1 && block.offsets.count <= 1
      && block.terms[0].map.parameterShape == block.terms[0].map.shape
      && block.terms[0].parameter == "\(block.name).weight"
      && block.offsets.allSatisfy { $0.parameter == "\(block.name).bias" }
  }
}
