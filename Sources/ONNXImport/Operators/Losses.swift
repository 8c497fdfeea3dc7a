import LinearAlgebra
import Operators

extension OperatorTable {
  /// Losses for constant labels.
  static let losses: [String: OperatorHandler] = [
    "NegativeLogLikelihoodLoss": .one(["ignore_index", "reduction"]) { node throws(ImportFailure) in
      try node.negativeLogLikelihood(of: node.input(0))
    },
    "SoftmaxCrossEntropyLoss": OperatorHandler(["ignore_index", "reduction"]) { node throws(ImportFailure) in
      let hasLogarithms = node.node.outputs.count > 1 && !node.node.outputs[1].isEmpty
      let logarithms = try node.call(
        "LogSoftmax", [node.input(0)], ["axis": .integer(1)],
        named: hasLogarithms ? node.node.outputs[1] : "\(node.name)/logarithms")
      return [try node.negativeLogLikelihood(of: logarithms), logarithms]
    },
  ]
}

extension NodeImport {
  /// The negative logarithm of each label's probability, weighted, and their sum or mean.
  ///
  /// The weights of the classes are constants without a gradient.
  fileprivate func negativeLogLikelihood(of logarithms: Value) throws(ImportFailure) -> Value {
    let shape = logarithms.shape
    guard case .integers(let labels) = try input(1) else {
      throw .refused("expected constant labels, found computed ones")
    }
    guard shape.count >= 2, labels.shape == [shape[0]] + shape.dropFirst(2) else {
      throw .refused("expected labels for scores of shape \(shape), found shape \(labels.shape)")
    }
    let (places, weights) = try weighted(labels.elements(), classes: shape[1])
    let reduction = try word("reduction", of: ["none", "sum", "mean"]) ?? "mean"
    let total = weights.reduce(0, +)
    guard reduction != "mean" || total != 0 else {
      throw .refused("expected labels of which some count, found a sum of their weights of 0")
    }
    var index = labels.shape
    index.insert(1, at: 1)
    let chosen = try call(
      "GatherElements", [logarithms, .integers(Integers(places, shape: index))], ["axis": .integer(1)],
      named: "\(name)/chosen")
    let single = try call(
      "Squeeze", [chosen, .integers(Integers([1]))], named: "\(name)/single")
    let factors = weights.map { reduction == "mean" ? -$0 / total : -$0 }
    let losses = try call(
      "Mul", [single, .numbers(factorsAcrossBatch(factors, labels.shape, single))],
      named: reduction == "none" ? name : "\(name)/losses")
    guard reduction != "none" else { return losses }
    return try call("ReduceSum", [losses], ["keepdims": .integer(0)], named: name)
  }

  /// For each label its class and its weight, which is 0 for the label that does not count.
  private func weighted(
    _ labels: [Int], classes: Int
  ) throws(ImportFailure) -> (places: [Int], weights: [Double]) {
    let given = try constantNumbers(2, "weights of classes")
    guard given?.count ?? classes == classes else {
      throw .refused("expected \(classes) weights, found \(given!.count)")
    }
    let ignored = try integer("ignore_index")
    try ImportLimits.charge(labels.count)
    var (places, weights): ([Int], [Double]) = ([], [])
    for label in labels {
      let counts = label != ignored
      guard !counts || (0..<classes).contains(label) else {
        throw .refused("expected labels from 0 to \(classes - 1), found \(label)")
      }
      places.append(counts ? label : 0)
      weights.append(counts ? given?[label] ?? 1 : 0)
    }
    return (places, weights)
  }

  /// Factors that are the same for every sample, with an extent of 1 in the place of the batch.
  private func factorsAcrossBatch(
    _ factors: [Double], _ shape: [Int], _ value: Value
  ) throws(ImportFailure) -> Numbers {
    guard let batch = try value.layout().batch, batch.axis == 0 else { return Numbers(factors, shape: shape) }
    let count = factors.count / max(1, shape[0])
    let first = Array(factors.prefix(count))
    guard factors.indices.allSatisfy({ factors[$0] == first[$0 % count] }) else {
      throw .mixesBatch("has other labels for each sample")
    }
    return Numbers(first, shape: [1] + shape.dropFirst())
  }
}
