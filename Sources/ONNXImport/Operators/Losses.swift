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
  /// Weights of the classes that are constants have no gradient.
  fileprivate func negativeLogLikelihood(of logarithms: Value) throws(ImportFailure) -> Value {
    let shape = logarithms.shape
    guard case .integers(let labels) = try input(1) else {
      throw .refused("expected constant labels, found computed ones")
    }
    guard shape.count >= 2, labels.shape == [shape[0]] + shape.dropFirst(2) else {
      throw .refused("expected labels for scores of shape \(shape), found shape \(labels.shape)")
    }
    if hasInput(2), case .variable(let weights) = try input(2) {
      return try negativeLogLikelihood(of: logarithms, labels, computed: weights)
    }
    let (places, weights) = try weighted(
      labels.elements(), classes: shape[1], given: constantNumbers(2, "weights of classes"))
    let reduction = try word("reduction", of: ["none", "sum", "mean"]) ?? "mean"
    let total = weights.reduce(0, +)
    guard reduction != "mean" || total != 0 else {
      throw .refused("expected labels of which some count, found a sum of their weights of 0")
    }
    let single = try chosen(logarithms, places, labels.shape)
    let factors = weights.map { reduction == "mean" ? -$0 / total : -$0 }
    let losses = try call(
      "Mul", [single, .numbers(factorsAcrossBatch(factors, labels.shape, single, "labels"))],
      named: reduction == "none" ? name : "\(name)/losses")
    guard reduction != "none" else { return losses }
    return try call("ReduceSum", [losses], ["keepdims": .integer(0)], named: name)
  }

  /// The same with weights that the network computes, or takes as an input.
  private func negativeLogLikelihood(
    of logarithms: Value, _ labels: Integers, computed weights: Variable
  ) throws(ImportFailure) -> Value {
    guard weights.layout.shape == [logarithms.shape[1]] else {
      throw .refused(
        "expected \(logarithms.shape[1]) weights of classes, found shape \(weights.layout.shape)")
    }
    let (places, counts) = try weighted(labels.elements(), classes: logarithms.shape[1], given: nil)
    let reduction = try word("reduction", of: ["none", "sum", "mean"]) ?? "mean"
    guard reduction != "mean" || counts.contains(1) else {
      throw .refused("expected labels of which some count, found none")
    }
    let single = try chosen(logarithms, places, labels.shape)
    let ofLabels = try call(
      "Gather", [.variable(weights), .integers(Integers(places, shape: labels.shape))],
      named: "\(name)/weights of labels")
    let counting = try call(
      "Mul", [ofLabels, .numbers(factorsAcrossBatch(counts, labels.shape, single, "labels"))],
      named: "\(name)/weights")
    let weighted = try call("Mul", [single, counting], named: "\(name)/weighted")
    let losses = try call("Neg", [weighted], named: reduction == "none" ? name : "\(name)/losses")
    guard reduction != "none" else { return losses }
    let sum = try call(
      "ReduceSum", [losses], ["keepdims": .integer(0)], named: reduction == "sum" ? name : "\(name)/sum")
    guard reduction == "mean" else { return sum }
    let total = try call("ReduceSum", [counting], ["keepdims": .integer(0)], named: "\(name)/total")
    return try call("Div", [sum, total], named: name)
  }

  /// The logarithm for each place's class.
  private func chosen(_ logarithms: Value, _ places: [Int], _ shape: [Int]) throws(ImportFailure) -> Value {
    var index = shape
    index.insert(1, at: 1)
    let chosen = try call(
      "GatherElements", [logarithms, .integers(Integers(places, shape: index))], ["axis": .integer(1)],
      named: "\(name)/chosen")
    return try call("Squeeze", [chosen, .integers(Integers([1]))], named: "\(name)/single")
  }

  /// For each label its class and its weight, which is 0 for the label that does not count.
  private func weighted(
    _ labels: [Int], classes: Int, given: [Double]?
  ) throws(ImportFailure) -> (places: [Int], weights: [Double]) {
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
  func factorsAcrossBatch(
    _ factors: [Double], _ shape: [Int], _ value: Value, _ what: String
  ) throws(ImportFailure) -> Numbers {
    guard let batch = try value.layout().batch, batch.axis == 0 else { return Numbers(factors, shape: shape) }
    let count = factors.count / max(1, shape[0])
    let first = Array(factors.prefix(count))
    guard factors.indices.allSatisfy({ factors[$0] == first[$0 % count] }) else {
      throw .mixesBatch("has other \(what) for each sample")
    }
    return Numbers(first, shape: [1] + shape.dropFirst())
  }
}
