import Blocks
import FileAccess
import LinearAlgebra
import Networks
import Operators
import TensorFiles

/// `{"type": "shift", "bias": […], "dim": 0}`: `x + bias`, the bias along the axes `dim` and broadcast
/// along the others.
struct ShiftLayerFormat: LayerFormat {
  let typeName = "shift"
  let keys = ["bias", "dim", "activation"]

  func read(_ object: JSONObject, name: String, sources: [ResolvedSource]) throws(FileError) -> Layer<Double>
  {
    let shape = sources[0].shape
    let value = try object.required("bias")
    let bias = try value.tensorOrReference()
    var attributes: [String: Constant] = ["shape": .integers(shape)]
    attributes["dim"] = try AttributesFormat.read(Expand<Double>.schema["dim"]!, from: object)
    let map = try AttributesFormat.located(object, at: value, calling: ["shape": "bias"]) {
      [attributes] () throws(InvalidConstants) in
      try Expand<Double>(inputShape: bias.shape, attributes)
    }
    return .explicit(
      Block(
        name: name, shape: shape, nonlinearity: try LayerParts.activation(object, shape: shape),
        terms: [Term(source: sources[0].source, map: IdentityMap(shape))],
        offsets: [
          bias.shape == shape
            ? Offset(tensor: bias, parameter: "\(name).bias")
            : Offset(tensor: bias, map: map, parameter: "\(name).bias")
        ]))
  }

  func writes(_ layer: WrittenLayer) -> Bool {
    guard let block = layer.block, block.terms.count == 1, block.offsets.count == 1 else { return false }
    let (term, offset) = (block.terms[0], block.offsets[0])
    return block.portShapes == [block.shape] && term.map is IdentityMap<Double>
      && term.map.inputShape == block.shape && layer.source(term.source).shape == block.shape
      && offset.parameter == "\(block.name).bias"
      && (offset.map.map { isSpread($0, offset.tensor) } ?? (offset.tensor.shape == block.shape))
  }

  /// Whether a map is an expansion without factors.
  private func isSpread(_ map: any LinearMap<Double>, _ tensor: Tensor<Double>) -> Bool {
    guard let map = map as? Expand<Double> else { return false }
    return map.inputShape == tensor.shape && map.factors.isEmpty
  }

  func write(_ layer: WrittenLayer, to writer: inout JSONWriter) throws(FileError) {
    let block = layer.block!
    try LayerParts.writeBias(of: block, to: &writer)
    if let map = block.offsets[0].map as? Expand<Double>, !map.dim.isEmpty {
      try AttributesFormat.write("dim", .integers(map.dim), to: &writer)
    }
    try LayerParts.writeActivation(of: block, to: &writer)
  }
}

/// `{"type": "batch_norm", "running_mean": […], "running_var": […], "weight": […], "bias": […], "eps":
/// 1e-5}`: `weight·(x − mean)/√(var + eps) + bias` along axis 0, as `torch.nn.BatchNorm2d` in evaluation
/// mode.
///
/// The running statistics are constants. The weight occurs twice, as factor of x and of the mean. The statistics are
/// folded into factors, so that the layer is written as a general block.
struct BatchNormalizationLayerFormat: SingleLayerReading {
  let typeName = "batch_norm"
  let keys = ["running_mean", "running_var", "weight", "bias", "eps", "activation"]

  func read(_ object: JSONObject, name: String, sources: [ResolvedSource]) throws(FileError) -> Layer<Double>
  {
    let shape = sources[0].shape
    let channels = [shape[0]]
    let mean = try statistic("running_mean", of: object, shape: channels)
    let variance = try statistic("running_var", of: object, shape: channels)
    let weight = try LayerParts.parameter("weight", of: object, shape: channels)
    let bias = try LayerParts.parameter("bias", of: object, shape: channels)
    let epsilon = try object.optional("eps")?.number() ?? 1e-5
    if let index = variance.numbers.firstIndex(where: { !($0 + epsilon > 0) }) {
      throw variance.refusal(at: index, "a variance above \(-epsilon)")
    }
    let normalization = BatchNormalization(
      shape: shape, mean: mean.numbers, variance: variance.numbers, epsilon: epsilon)
    if let index = normalization.shifts.firstIndex(where: { !$0.isFinite }) {
      throw mean.refusal(at: index, "a mean that is finite in units of the deviation")
    }
    return .explicit(
      normalization.block(
        name: name, reading: sources[0].source, weight: weight, bias: bias,
        weightName: weight == nil ? nil : "\(name).weight", biasName: "\(name).bias",
        nonlinearity: try LayerParts.activation(object, shape: shape)))
  }

  /// One of the running statistics, and its place.
  private struct Statistic {
    let value: JSONValue
    let numbers: [Double]

    /// The error that another number was expected. A number in a weights file has no position in the JSON.
    func refusal(at index: Int, _ expectation: String) -> FileError {
      value.isArray
        ? value.element(index).expected(expectation)
        : value.expected(expectation, found: "\(numbers[index]) at position \(index)")
    }
  }

  /// Reads a running statistic. These constants are folded into factors when the layer is read, so their
  /// numbers are read from a weights file here.
  private func statistic(
    _ key: String, of object: JSONObject, shape: [Int]
  ) throws(FileError) -> Statistic {
    let value = try object.required(key)
    let statistic = Statistic(
      value: value, numbers: try LayerParts.parameter(key, of: object, shape: shape)!.elements)
    if let index = statistic.numbers.firstIndex(where: { !$0.isFinite }) {
      throw statistic.refusal(at: index, "a finite number")
    }
    return statistic
  }
}
