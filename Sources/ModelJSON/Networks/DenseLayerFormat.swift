import Blocks
import FileAccess
import LinearAlgebra
import Networks
import Operators
import TensorFiles

/// `{"type": "dense", "weight": [[…]], "bias": […], "activation": "relu"}`: `σ(W x + b)`, for x of any
/// shape.
struct DenseLayerFormat: LayerFormat {
  let typeName = "dense"
  let keys = ["weight", "bias", "activation"]

  func read(_ object: JSONObject, name: String, sources: [ResolvedSource]) throws(FileError) -> Layer<Double>
  {
    let source = sources[0]
    let weightValue = try object.required("weight")
    let weight = try weightValue.matrixOrReference()
    let size = weight.shape[0]
    let bias = try object.optional("bias")?.vectorOrReference(size, "the rows of weight")
    let nonlinearity = try LayerParts.activation(object, shape: [size])
    guard weight.shape[1] == source.place.size else {
      throw weightValue.expected(
        "rows of \(counted(source.place.size, "number")) (\(source.place.reason))",
        found: "\(weight.shape[1])")
    }
    return .explicit(
      Block(
        name: name, size: size, nonlinearity: nonlinearity,
        terms: [Term(source: source.source, map: DenseMap(weight), parameter: "\(name).weight")],
        offsets: bias.map { [Offset(tensor: $0, parameter: "\(name).bias")] } ?? []))
  }

  func writes(_ layer: WrittenLayer) -> Bool {
    guard let block = layer.block else { return false }
    return block.shape.count == 1 && block.portShapes == [block.shape] && block.terms.count == 1
      && block.terms[0].map is DenseMap<Double> && block.terms[0].parameter == "\(block.name).weight"
      && LayerParts.hasPlainBias(block)
  }

  func write(_ layer: WrittenLayer, to writer: inout JSONWriter) throws(FileError) {
    let block = layer.block!
    try writer.key("weight")
    try writer.numbers(of: block.terms[0].map.parameter!, name: "\(block.name).weight")
    try LayerParts.writeBias(of: block, to: &writer)
    try LayerParts.writeActivation(of: block, to: &writer)
  }
}

/// The keys that several types of layers share: `bias` and `activation`.
enum LayerParts {
  /// The activation of a layer whose pre-activation has this shape; the identity if the file names none.
  static func activation(_ object: JSONObject, shape: [Int]) throws(FileError) -> any Nonlinearity {
    guard let value = object.optional("activation") else { return Identity() }
    return try NonlinearityFormat.read(value, portShapes: [shape], shape: shape)
  }

  /// Writes the activation, unless it is the identity.
  static func writeActivation(of block: Block<Double>, to writer: inout JSONWriter) throws(FileError) {
    guard type(of: block.nonlinearity).typeName != Identity.typeName else { return }
    try writer.key("activation")
    try NonlinearityFormat.write(block.nonlinearity, to: &writer)
  }

  /// The summand from a parameter of this shape, broadcast to `shape` along `dims`.
  static func spread(
    _ tensor: Tensor<Double>, over shape: [Int], along dims: [Int], factors: [Double] = [], port: Int = 0,
    parameter: String?
  ) -> Offset<Double> {
    if tensor.shape == shape, factors.isEmpty {
      return Offset(port: port, tensor: tensor, parameter: parameter)
    }
    // The shapes have been checked, so they fit.
    let map = try! Expand<Double>(
      inputShape: tensor.shape, shape: shape, dim: IntegerList(dims), factors: factors)
    return Offset(port: port, tensor: tensor, map: map, parameter: parameter)
  }

  /// The numbers for a key, which must have this shape, or nil if the key is absent.
  static func parameter(
    _ key: String, of object: JSONObject, shape: [Int]
  ) throws(FileError) -> Tensor<Double>? {
    guard let value = object.optional(key) else { return nil }
    let tensor = try value.tensorOrReference()
    guard tensor.shape == shape else { throw value.expected("shape \(shape)", found: "\(tensor.shape)") }
    return tensor
  }

  /// Whether `spread` would produce this offset.
  static func isSpread(
    _ offset: Offset<Double>, of parameter: String, shape: [Int], over target: [Int], along dims: [Int]
  ) -> Bool {
    let model = spread(Tensor(zeros: shape), over: target, along: dims, parameter: nil)
    guard offset.parameter == parameter, offset.tensor.shape == shape else { return false }
    switch (offset.map, model.map) {
    case (nil, nil): return true
    case (let map?, let other?): return map.isIdentical(to: other)
    default: return false
    }
  }

  /// Whether the block has no bias, or a vector of its own size with the usual name.
  static func hasPlainBias(_ block: Block<Double>) -> Bool {
    block.offsets.isEmpty
      || block.offsets.count == 1
        && isSpread(
          block.offsets[0], of: "\(block.name).bias", shape: block.shape, over: block.shape,
          along: Array(block.shape.indices))
  }

  /// Writes the bias, if there is one.
  static func writeBias(of block: Block<Double>, to writer: inout JSONWriter) throws(FileError) {
    guard let offset = block.offsets.first else { return }
    try writer.key("bias")
    try writer.numbers(of: offset.tensor, name: "\(block.name).bias")
  }
}
