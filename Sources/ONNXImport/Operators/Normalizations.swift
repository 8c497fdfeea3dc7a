import Blocks
import FileAccess
import Operators

extension OperatorTable {
  /// Normalisations, in inference mode.
  static let normalizations: [String: OperatorHandler] = [
    "BatchNormalization": .variable(["epsilon", "momentum", "spatial", "training_mode"]) {
      node throws(ImportFailure) in try node.batchNormalization()
    },
    "LayerNormalization": OperatorHandler(["axis", "epsilon", "stash_type"]) { node throws(ImportFailure) in
      [.variable(try node.lastAxesNormalization("layer_norm"))] + (try node.statistics())
    },
    "RMSNormalization": .variable(["axis", "epsilon", "stash_type"]) { node throws(ImportFailure) in
      try node.lastAxesNormalization("rms_norm")
    },
    "InstanceNormalization": .variable(["epsilon"]) { node throws(ImportFailure) in
      try node.channelNormalization(
        nonlinearity("instance_norm", ["eps": .number(node.number("epsilon") ?? Double(Float(1e-5)))]))
    },
    "GroupNormalization": .variable(["epsilon", "num_groups", "stash_type"]) { node throws(ImportFailure) in
      guard let groups = try node.integer("num_groups") else {
        throw .refused("attribute \"num_groups\": expected an integer, found none")
      }
      return try node.channelNormalization(
        nonlinearity(
          "group_norm",
          ["num_groups": .integers([groups]), "eps": .number(node.number("epsilon") ?? Double(Float(1e-5)))]))
    },
  ]
}

extension NodeImport {
  /// `weight (x − mean) / √(variance + ε) + bias`, an affine map whose factors contain mean and variance as
  /// constants.
  fileprivate func batchNormalization() throws(ImportFailure) -> Variable {
    guard try integer("training_mode") ?? 0 == 0 else { return try standardization() }
    // Until opset 13 the outputs behind the first tell training, whose statistics are those of the batch.
    guard opset >= 14 || node.outputs.dropFirst().allSatisfy(\.isEmpty) else {
      throw .refused("expected inference with one output, found training, which also gives statistics")
    }
    guard try integer("spatial") ?? 1 == 1 else {
      throw .refused("spatial: expected statistics for each channel, found one for each number")
    }
    let variable = try variable(0)
    guard variable.layout.shape.count >= 2, variable.layout.batchAxis ?? 0 == 0, !variable.layout.isMerged,
      variable.layout.batchAxis == 0 || variable.layout.shape[0] == 1
    else { throw .mixesBatch("uses the batch axis as another axis") }
    let shape = Array(variable.layout.shape.dropFirst())
    let weight = try input(1)
    guard case .numbers(let scale) = weight, scale.isOwnShape, scale.shape == [shape[0]],
      try !input(3).isComputed, try !input(4).isComputed
    else { return try normalization(of: variable, shape) }
    guard let mean = try constantNumbers(3, "mean"), let variance = try constantNumbers(4, "variance"),
      mean.count == shape[0], variance.count == shape[0]
    else { throw .refused("expected a mean and a variance for each of \(counted(shape[0], "channel"))") }
    let epsilon = try number("epsilon") ?? Double(Float(1e-5))
    let statistics = BatchNormalization(shape: shape, mean: mean, variance: variance, epsilon: epsilon)
    let map = try linearMap(
      "scale", from: shape, ["dim": .integers([0]), "factors": .numbers(statistics.factors)],
      weight: scale.tensor)
    let port = try Port(
      shape: shape, terms: [Term(source: variable.source, map: map, parameter: scale.parameter)]
    ).adding(channelPort(weight, over: shape, factors: statistics.shifts)).adding(
      channelPort(input(2), over: shape))
    return try affine(port, variable.layout)
  }

  /// The same where the graph computes the mean, the variance or the weight, from parameters for example: in blocks of
  /// their own.
  private func normalization(of variable: Variable, _ shape: [Int]) throws(ImportFailure) -> Variable {
    let channels = shape[0]
    let mean = try channelPort(
      statistic(3, "mean"), over: shape, factors: Array(repeating: -1, count: channels))
    let centered = try affine(
      port(variable, as: shape).adding(mean), variable.layout, named: "\(name)/centered")
    let second = try statistic(4, "variance")
    var variance = try channelPort(second, over: [channels])
    let epsilon = try number("epsilon") ?? Double(Float(1e-5))
    variance.offsets.append(try repeated(epsilon, count: channels))
    let layout = try second.layout()
    let deviation = try block("\(name)/deviation", nonlinearity("sqrt"), [variance], layout)
    let factor = try block(
      "\(name)/factor", nonlinearity("quotient"),
      [channelPort(input(1), over: [channels]), port(deviation)], layout)
    let scaled = try block(
      "\(name)/scaled", nonlinearity("product"),
      [port(centered, as: shape), channelPort(.variable(factor), over: shape)], variable.layout)
    return try affine(port(scaled, as: shape).adding(channelPort(input(2), over: shape)), variable.layout)
  }

  /// A mean or a variance; one that the file holds is no parameter.
  private func statistic(_ index: Int, _ what: String) throws(ImportFailure) -> Value {
    let value = try input(index)
    if value.isComputed { return value }
    return .numbers(Numbers(try constantNumbers(index, what) ?? [], shape: value.shape))
  }

  /// Normalisation by the statistics of the tensor itself, as models standardise weights: exact where no sample has a
  /// part in it and the leading axis has extent 1, so that the statistics of the batch are those of its only member.
  private func standardization() throws(ImportFailure) -> Variable {
    let layout = try input(0).layout()
    guard layout.batchAxis == nil, !layout.isMerged, layout.shape.first == 1 else {
      throw .refused("training_mode: expected inference, found training")
    }
    return try channelNormalization(
      nonlinearity("instance_norm", ["eps": .number(number("epsilon") ?? Double(Float(1e-5)))]))
  }

  /// Normalisation over the axes from `axis` on, with weight and bias over them.
  func lastAxesNormalization(_ name: String) throws(ImportFailure) -> Variable {
    let variable = try variable(0)
    let first = try variable.layout.axis(integer("axis") ?? -1)
    let axes = Array(variable.layout.shape.dropFirst(first))
    guard variable.layout.axesBehindBatch ?? axes.count >= axes.count else {
      throw .mixesBatch("normalises over the batch axis")
    }
    let normalization = try nonlinearity(
      name,
      [
        "normalized_shape": .integers(axes),
        "eps": .number(try number("epsilon") ?? Double(Float(1e-5))),
      ])
    var ports = [try port(variable)]
    for index in 1...2 where hasInput(index) {
      guard try TensorLayout.broadcast([variable.layout, input(index).layout()]) == variable.layout else {
        throw .refused("expected parameters of shape \(axes), found \(try input(index).shape)")
      }
      ports.append(try port(input(index), over: variable.layout))
    }
    return try block(nil, normalization, ports, variable.layout)
  }

  /// The mean over axes, what differs from it, and the mean of the squares of that, as values of their own.
  func moments(
    of variable: Variable, axes: [Int]
  ) throws(ImportFailure) -> (average: Variable, centered: Variable, variance: Variable) {
    func mean(_ of: Variable, _ suffix: String) throws(ImportFailure) -> Variable {
      try linear("mean", reduction(of: of, axes: axes, keepsAxes: true), suffix: suffix)
    }
    let average = try mean(variable, "mean")
    let centered = try affine(
      port(variable).adding(port(.variable(average), over: variable.layout, factor: -1)), variable.layout,
      named: "\(name)/centered")
    return (average, centered, try mean(square(centered), "variance"))
  }

  /// Mean and 1 / √(variance + ε) over the axes from `axis` on, if the node has these outputs.
  fileprivate func statistics() throws(ImportFailure) -> [Value] {
    guard node.outputs.dropFirst().contains(where: { !$0.isEmpty }) else { return [] }
    let variable = try variable(0)
    let first = try variable.layout.axis(integer("axis") ?? -1)
    let axes = Array(first..<variable.layout.shape.count)
    let (average, _, variance) = try moments(of: variable, axes: axes)
    var port = try port(variance)
    let epsilon = try number("epsilon") ?? Double(Float(1e-5))
    port.offsets.append(try repeated(epsilon, count: port.shape.reduce(1, *)))
    let deviation = try block("\(name)/deviation", nonlinearity("sqrt"), [port], variance.layout)
    return [
      .variable(average),
      .variable(try elementwise("reciprocal", of: deviation, suffix: "inverse deviation")),
    ]
  }

  /// Normalisation within channels or groups of channels, with a weight and a bias for each channel, or
  /// before opset 21 for each group.
  fileprivate func channelNormalization(_ normalization: any Nonlinearity) throws(ImportFailure) -> Variable {
    let (variable, shape) = try channels()
    var ports = [try port(variable, as: shape)]
    for index in 1...2 {
      let value = try input(index)
      var over = shape
      if node.operatorType == "GroupNormalization", opset < 21 {
        let groups = value.shape.first ?? 0
        guard groups > 0, shape[0] % groups == 0 else {
          throw .refused("expected a number for each group, found shape \(value.shape)")
        }
        over = [groups, shape.reduce(1, *) / groups]
      }
      var port = try channelPort(value, over: over)
      port.shape = shape
      ports.append(port)
    }
    return try block(nil, normalization, ports, variable.layout)
  }
}
