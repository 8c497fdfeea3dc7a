import Blocks
import FileAccess
import LinearAlgebra
import Operators

extension OperatorTable {
  /// The operators of the domain ai.onnx.ml that are functions of numbers, as scikit-learn's models have them.
  static let machineLearning: [String: OperatorHandler] = [
    "ArrayFeatureExtractor": .one { node throws(ImportFailure) in try node.features() },
    "Binarizer": .variable(["threshold"]) { node throws(ImportFailure) in
      let variable = try node.variable(0)
      let bound = try node.repeated(
        node.number("threshold") ?? 0, count: variable.layout.sampleShape.reduce(1, *))
      let shape = atLeastVector(variable.layout.sampleShape)
      return try node.block(
        nil, nonlinearity("greater"), [node.port(variable), Port(shape: shape, offsets: [bound])],
        variable.layout)
    },
    "LinearClassifier": OperatorHandler([
      "classlabels_ints", "classlabels_strings", "coefficients", "intercepts", "multi_class",
      "post_transform",
    ]) { node throws(ImportFailure) in try node.linearClassifier() },
    "LinearRegressor": .variable(["coefficients", "intercepts", "post_transform", "targets"]) {
      node throws(ImportFailure) in
      _ = try node.word("post_transform", of: ["NONE"])
      return try node.linearModel(outputs: node.integer("targets") ?? 1)
    },
    "Normalizer": .variable(["norm"]) { node throws(ImportFailure) in try node.normalizer() },
    "Scaler": .variable(["offset", "scale"]) { node throws(ImportFailure) in try node.scaler() },
    // The same numbers, under the names of the classes.
    "ZipMap": .one(["classlabels_int64s", "classlabels_strings"]) { node throws(ImportFailure) in
      try node.input(0)
    },
  ]
}

extension NodeImport {
  /// `(x − offset) scale`.
  fileprivate func scaler() throws(ImportFailure) -> Variable {
    let variable = try variable(0)
    let width = variable.layout.shape.last ?? 1
    func numbers(_ name: String, _ standard: Double) throws(ImportFailure) -> Numbers {
      let given = try self.numbers(name) ?? [standard]
      guard given.count == 1 || given.count == width else {
        throw .refused("\(name): expected 1 or \(width) numbers, found \(given.count)")
      }
      return Numbers(given, shape: given.count == 1 ? [] : [width])
    }
    let centered = try affine(
      port(variable).adding(port(.numbers(numbers("offset", 0)), over: variable.layout, factor: -1)),
      variable.layout, named: "\(name)/centered")
    let scale = try numbers("scale", 1)
    if scale.shape.isEmpty { return try scaled(centered, by: scale.elements[0]) }
    let map = try linearMap("scale", from: variable.layout.sampleShape, weight: scale.tensor)
    return try mapped(centered, by: map, to: variable.layout)
  }

  /// `W x + b` for each sample, with W and b as attributes.
  fileprivate func linearModel(outputs: Int, suffix: String? = nil) throws(ImportFailure) -> Variable {
    var variable = try variable(0)
    if variable.layout.shape.count == 1 { variable = try inserted([0], in: variable) }
    let width = variable.layout.shape[variable.layout.shape.count - 1]
    guard variable.layout.shape.count == 2, outputs >= 1, let coefficients = try numbers("coefficients"),
      coefficients.count == outputs * width
    else {
      throw .refused("coefficients: expected \(width) for each of \(counted(outputs, "output"))")
    }
    let weight = Numbers(
      Tensor(shape: [outputs, width], elements: coefficients), parameter: "\(node.ownName).W")
    let intercepts = try numbers("intercepts")
    let product = try linear(
      variable, MatrixWeight(numbers: weight, isTransposed: false), along: -1,
      intercepts == nil && suffix == nil ? name : "\(name)/product")
    guard let intercepts else { return product }
    guard intercepts.count == outputs else {
      throw .refused("intercepts: expected \(outputs), found \(intercepts.count)")
    }
    let bias = Numbers(Tensor(intercepts), parameter: "\(node.ownName).b")
    return try affine(
      port(product).adding(port(.numbers(bias), over: product.layout)), product.layout,
      named: suffix.map { "\(name)/\($0)" })
  }

  /// The label of the class of the largest score, and the scores.
  fileprivate func linearClassifier() throws(ImportFailure) -> [Value] {
    let labels = try integers("classlabels_ints")
    var count = labels?.count ?? 0
    if case .words(let words)? = node.attributes["classlabels_strings"], labels == nil { count = words.count }
    let transform = try word("post_transform", of: ["NONE", "LOGISTIC", "SOFTMAX"]) ?? "NONE"
    let width = try input(0).shape.last ?? 1
    let rows = (try numbers("coefficients")?.count ?? 0) / max(1, width)
    guard count >= 2, rows == count || rows == 1 && count == 2 else {
      throw .refused("expected coefficients for each of at least two classes, found \(rows) for \(count)")
    }
    var scores = try linearModel(outputs: rows, suffix: "scores")
    // One row decides between two classes: its score is for the second, what is left for the first.
    let isBinary = rows == 1
    if transform == "LOGISTIC" { scores = try elementwise("sigmoid", of: scores, suffix: "probability") }
    if isBinary { scores = try bothScores(scores, isProbability: transform == "LOGISTIC") }
    if transform == "SOFTMAX" {
      let dim = scores.layout.sampleShape.count - 1
      scores = try elementwise("softmax", ["dim": .integers([dim])], of: scores, suffix: "probabilities")
    }
    guard let labels else {
      // A label that is no number can be no output.
      return [.integers(Integers([Int](), shape: [0], type: .string)), .variable(scores)]
    }
    let place = try extremePlace(
      of: scores, scores.layout.shape.count - 1, isLargest: true, takesLast: false)
    let index = try removed([scores.layout.shape.count - 1], from: place)
    let table = Value.numbers(try Integers(labels).asNumbers())
    return [try part("label").gathered(table, axis: 0, by: index), .variable(scores)]
  }

  /// The scores of both classes from that of the second: `1 − p` and p, or `−s` and s.
  private func bothScores(_ second: Variable, isProbability: Bool) throws(ImportFailure) -> Variable {
    let layout = try second.layout.replacing(second.layout.shape.dropLast() + [2])
    let map = try linearMap(
      "linear", from: second.layout.sampleShape, ["dim": .integers([second.layout.sampleShape.count - 1])],
      weight: Tensor(shape: [2, 1], elements: [-1, 1]))
    var port = Port(shape: map.outputShape, terms: [Term(source: second.source, map: map)])
    port.add(try self.port(.numbers(Numbers([isProbability ? 1 : 0, 0], shape: [2])), over: layout))
    return try affine(port, layout, named: "\(name)/both")
  }

  /// Each sample divided by its norm, unless that is 0.
  fileprivate func normalizer() throws(ImportFailure) -> Variable {
    let variable = try variable(0)
    let kind = try word("norm", of: ["L1", "L2", "MAX"]) ?? "MAX"
    let reduction = try reduction(of: variable, axes: [-1], keepsAxes: true)
    var norm: Variable
    switch kind {
    case "L1":
      norm = try linear(
        "sum", reduction.of(elementwise("abs", of: variable, suffix: "magnitudes")), suffix: "sum")
    case "L2":
      norm = try elementwise(
        "sqrt", of: linear("sum", reduction.of(square(variable)), suffix: "sum"), suffix: "root")
    default:
      let constants: [String: Constant] = ["dim": .integers(reduction.dims), "keepdim": .flag(true)]
      norm = try block("\(name)/largest", nonlinearity("amax", constants), [port(variable)], reduction.layout)
    }
    let shape = atLeastVector(norm.layout.sampleShape)
    let zeros = Port(shape: shape, offsets: [try repeated(0, count: shape.reduce(1, *))])
    let isZero = try block("\(name)/zero", nonlinearity("equal"), [port(norm), zeros], norm.layout)
    norm = try affine(port(norm).adding(port(isZero)), norm.layout, named: "\(name)/norm")
    return try block(
      nil, nonlinearity("quotient"), [port(variable), port(.variable(norm), over: variable.layout)],
      variable.layout)
  }

  /// The places of the last axis that an index names.
  fileprivate func features() throws(ImportFailure) -> Value {
    let value = try input(0)
    let axis = value.shape.count - 1
    guard axis >= 0 else { throw .refused("expected a tensor, found a single number") }
    guard case .integers(let index) = try input(1) else {
      let index = try variable(1)
      let count = BatchInteger(1)
      let flat = try variable(reshaped(.variable(index), to: [index.layout.extents.product ?? count]))
      let part = try gathered(floating(value), axis: axis, by: flat)
      // A vector's features are a row.
      return axis == 0 ? try reshaped(part, to: [count] + part.extents) : part
    }
    let part = try selected(value, axis: axis, index.elements())
    return axis == 0 ? try reshaped(part, to: [1] + part.shape) : part
  }
}
