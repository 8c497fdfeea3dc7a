import LinearAlgebra
import Operators

extension OperatorTable {
  /// Scaled dot-product attention.
  package static let attention: [String: OperatorHandler] = [
    "Attention": OperatorHandler([
      "is_causal", "kv_num_heads", "q_num_heads", "qk_matmul_output_mode", "scale", "softcap",
      "softmax_precision",
    ]) { node throws(ImportFailure) in try node.attention() }
  ]
}

extension NodeImport {
  /// `softmax(scale · Q Kᵀ + mask) V` for each head; returns the result, and keys and values unchanged.
  func attention() throws(ImportFailure) -> [Value] {
    guard !hasInput(4), !hasInput(5), !hasInput(6) else {
      throw .refused("expected no past keys and values, found some")
    }
    let (queryHeads, keyHeads) = (try integer("q_num_heads"), try integer("kv_num_heads"))
    let query = try heads(0, queryHeads, "query")
    let (key, value) = (try heads(1, keyHeads, "key"), try heads(2, keyHeads, "value"))
    let count = query.shape[1]
    let scale = try number("scale") ?? 1 / Double(query.shape[3]).squareRoot()
    let transposedKey = try transposed(repeated(key, to: count, "keys"), [0, 1, 3, 2], suffix: "transposed")
    var scores = try matrixProduct(query, transposedKey, name: "\(name)/product")
    scores = try scaled(scores, by: scale, suffix: "scores")
    if let cap = try number("softcap"), cap != 0 {
      let capped = try elementwise(
        "tanh", of: scaled(scores, by: 1 / cap, suffix: "uncapped"), suffix: "tanh")
      scores = try scaled(capped, by: cap, suffix: "capped")
    }
    scores = try masked(scores)
    let dim = scores.layout.sampleShape.count - 1
    let weights = try elementwise("softmax", ["dim": .integers([dim])], of: scores, suffix: "weights")
    let result = try matrixProduct(
      .variable(weights), repeated(value, to: count, "values"), name: "\(name)/heads")
    guard try input(0).shape.count == 3 else {
      return [.variable(try affine(port(result), result.layout)), key, value]
    }
    // [batch, heads, length, width] to [batch, length, heads · width].
    let joined = try transposed(.variable(result), [0, 2, 1, 3], suffix: "joined")
    let width = BatchInteger(joined.shape[2] * joined.shape[3])
    let output = try variable(reshaped(joined, to: Array(joined.extents.prefix(2)) + [width]))
    return [.variable(try affine(port(output), output.layout)), key, value]
  }

  /// An input as `[batch, heads, length, width]`.
  private func heads(_ index: Int, _ count: Int?, _ suffix: String) throws(ImportFailure) -> Value {
    let value = try input(index)
    let shape = value.shape
    if shape.count == 4 { return value }
    guard shape.count == 3, let count, count > 0, shape[2] % count == 0 else {
      throw .refused(
        "expected 4 axes, or 3 and a number of heads that divides the last, found shape \(shape)")
    }
    let split = try reshaped(
      value, to: Array(value.extents.prefix(2)) + [BatchInteger(count), BatchInteger(shape[2] / count)])
    return try transposed(split, [0, 2, 1, 3], suffix: suffix)
  }

  /// Heads shared by several queries, repeated for each.
  private func repeated(_ value: Value, to count: Int, _ suffix: String) throws(ImportFailure) -> Value {
    let own = value.shape[1]
    guard own > 0, count % own == 0 else {
      throw .refused("expected \(count) heads or a divisor, found \(own)")
    }
    return try selected(value, axis: 1, (0..<count).map { $0 / (count / own) }, suffix: suffix)
  }

  /// The scores plus the mask.
  private func masked(_ scores: Variable) throws(ImportFailure) -> Variable {
    let shape = scores.layout.shape
    let isCausal = try integer("is_causal") ?? 0 != 0
    guard isCausal || hasInput(3) else { return scores }
    var port = try port(scores)
    var excluded = Numbers([0], shape: [])
    if isCausal {
      let (rows, columns) = (shape[2], shape[3])
      try ImportLimits.charge(checkedCount(of: [rows, columns]))
      let mask = (0..<rows * columns).map { $0 % columns > $0 / columns ? -Double.infinity : 0 }
      excluded = Numbers(mask, shape: [rows, columns])
    }
    if hasInput(3) {
      let mask = try input(3)
      guard try TensorLayout.broadcast([scores.layout, mask.layout()]) == scores.layout else {
        throw .refused("expected a mask that broadcasts to \(shape), found shape \(mask.shape)")
      }
      switch mask {
      case .integers(let truth):
        let lows = try truth.elements().map { $0 == 0 ? -Double.infinity : 0 }
        excluded = try excluded.plus(Numbers(lows, shape: truth.shape))
      case .numbers(let numbers) where numbers.summand.parameter == nil:
        excluded = try excluded.plus(numbers)
      default: port = port.adding(try self.port(mask, over: scores.layout))
      }
    }
    let columns = excluded.shape.last ?? 1
    let elements = excluded.elements
    for row in stride(from: 0, to: elements.count, by: columns)
    where elements[row..<row + columns].allSatisfy({ $0 == -.infinity }) {
      throw .refused("expected a mask that leaves every query at least one key, found one that leaves none")
    }
    port = port.adding(try self.port(.numbers(excluded), over: scores.layout))
    return try affine(port, scores.layout, named: "\(name)/masked")
  }
}

extension Numbers {
  /// The sum of two constants, without a gradient.
  fileprivate func plus(_ other: Numbers) throws(ImportFailure) -> Numbers {
    let shape = try broadcastShape([shape, other.shape])
    func expanded(_ numbers: Numbers) throws(ImportFailure) -> [Double] {
      let places = try Integers(Array(0..<numbers.tensor.count), shape: numbers.shape).expanded(to: shape)
      let elements = numbers.elements
      return try places.elements().map { elements[$0] }
    }
    return Numbers(zip(try expanded(self), try expanded(other)).map { $0 + $1 }, shape: shape)
  }
}
