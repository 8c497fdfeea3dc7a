import LinearAlgebra
import Operators

extension OperatorTable {
  /// Scaled dot-product attention.
  package static let attention: [String: OperatorHandler] = [
    "Attention": OperatorHandler([
      "is_causal", "kv_num_heads", "left_window_size", "q_num_heads", "qk_matmul_output_mode",
      "right_window_size", "scale", "softcap", "softmax_precision",
    ]) { node throws(ImportFailure) in try node.attention() }
  ]
}

extension NodeImport {
  /// `softmax(scale · Q Kᵀ + mask) V` for each head.
  ///
  /// - Returns: The result, keys and values behind those of the past, and the scores of `qk_matmul_output_mode`.
  func attention() throws(ImportFailure) -> [Value] {
    let (queryHeads, keyHeads) = (try integer("q_num_heads"), try integer("kv_num_heads"))
    let query = try heads(0, queryHeads, "query")
    let past = try pastLength()
    let key = try behindPast(heads(1, keyHeads, "key"), 4, "all keys")
    let value = try behindPast(heads(2, keyHeads, "value"), 5, "all values")
    let count = query.shape[1]
    let scale = try number("scale") ?? 1 / Double(query.shape[3]).squareRoot()
    let transposedKey = try transposed(repeated(key, to: count, "keys"), [0, 1, 3, 2], suffix: "transposed")
    var stages = [
      try scaled(matrixProduct(query, transposedKey, name: "\(name)/product"), by: scale, suffix: "scores")
    ]
    stages.append(try capped(stages[0]))
    stages.append(try masked(stages[1], past: past))
    let dim = stages[2].layout.sampleShape.count - 1
    stages.append(try elementwise("softmax", ["dim": .integers([dim])], of: stages[2], suffix: "weights"))
    let result = try matrixProduct(
      .variable(stages[3]), repeated(value, to: count, "values"), name: "\(name)/heads")
    let scores = try scoresOutput(stages)
    guard try input(0).shape.count == 3 else {
      return [.variable(try affine(port(result), result.layout)), key, value] + scores
    }
    // [batch, heads, length, width] to [batch, length, heads · width].
    let joined = try transposed(.variable(result), [0, 2, 1, 3], suffix: "joined")
    let width = BatchInteger(joined.shape[2] * joined.shape[3])
    let output = try variable(reshaped(joined, to: Array(joined.extents.prefix(2)) + [width]))
    return [.variable(try affine(port(output), output.layout)), key, value] + scores
  }

  /// The scores within bounds, smoothly.
  private func capped(_ scores: Variable) throws(ImportFailure) -> Variable {
    guard let cap = try number("softcap"), cap != 0 else { return scores }
    let capped = try elementwise(
      "tanh", of: scaled(scores, by: 1 / cap, suffix: "uncapped"), suffix: "tanh")
    return try scaled(capped, by: cap, suffix: "capped")
  }

  /// The fourth output, if the node has it.
  private func scoresOutput(_ stages: [Variable]) throws(ImportFailure) -> [Value] {
    guard node.outputs.count > 3, !node.outputs[3].isEmpty else { return [] }
    let mode = try integer("qk_matmul_output_mode") ?? 0
    guard (0...3).contains(mode) else {
      throw .refused("qk_matmul_output_mode: expected one from 0 to 3, found \(mode)")
    }
    return [.variable(stages[mode])]
  }

  // MARK: Keys and values of the past

  /// The number of keys of the past.
  private func pastLength() throws(ImportFailure) -> Int {
    guard !hasInput(6) else { throw .refused("expected keys that all count, found nonpad_kv_seqlen") }
    guard hasInput(4) == hasInput(5) else {
      throw .refused("expected past keys and past values, found one of both")
    }
    guard hasInput(4) else { return 0 }
    let (keys, values) = (try input(4).shape, try input(5).shape)
    guard keys.count == 4, values.count == 4, keys[2] == values[2] else {
      throw .refused("expected past keys and values of 4 axes and one length, found \(keys) and \(values)")
    }
    return keys[2]
  }

  /// Keys or values behind those of the past.
  private func behindPast(_ value: Value, _ index: Int, _ suffix: String) throws(ImportFailure) -> Value {
    guard hasInput(index), try input(index).shape[2] > 0 else { return value }
    return try call(
      "Concat", [try input(index), value], ["axis": .integer(2)], named: "\(name)/\(suffix)")
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

  // MARK: Masks

  /// The scores plus the mask.
  private func masked(_ scores: Variable, past: Int) throws(ImportFailure) -> Variable {
    let shape = scores.layout.shape
    var excluded = try excludedByPlace(rows: shape[2], columns: shape[3], past: past)
    guard excluded != nil || hasInput(3) else { return scores }
    var port = try port(scores)
    if hasInput(3) {
      let mask = try input(3)
      let isShort = (mask.shape.last ?? 1) < shape[3] && mask.shape.last ?? 1 != 1
      var fits = isShort
      if !isShort { fits = try TensorLayout.broadcast([scores.layout, mask.layout()]) == scores.layout }
      guard fits else {
        throw .refused("expected a mask that broadcasts to \(shape), found shape \(mask.shape)")
      }
      switch mask {
      case .integers(let truth):
        let lows = try truth.elements().map { $0 == 0 ? -Double.infinity : 0 }
        excluded = try Numbers(lows, shape: truth.shape).excludingFurther(to: shape[3]).plus(excluded)
      case .numbers(let numbers) where isShort || numbers.summand.parameter == nil:
        excluded = try numbers.excludingFurther(to: shape[3]).plus(excluded)
      default:
        guard !isShort else {
          throw .refused("expected a mask of \(shape[3]) keys, found a computed one of shape \(mask.shape)")
        }
        // A computed Boolean mask is 1 where a key counts.
        guard integerType(3) != .bool else {
          throw .refused("expected a mask of numbers, or of constant Boolean values, found a computed one")
        }
        port = port.adding(try self.port(mask, over: scores.layout))
      }
    }
    if let excluded {
      try excluded.requireKeys()
      port = port.adding(try self.port(.numbers(excluded), over: scores.layout))
    }
    return try affine(port, scores.layout, named: "\(name)/masked")
  }

  /// The mask by the places of queries and keys: causal, or a window; nil where every query sees every key.
  private func excludedByPlace(
    rows: Int, columns: Int, past: Int
  ) throws(ImportFailure) -> Numbers? {
    let isCausal = try integer("is_causal") ?? 0 != 0
    let (left, right) = (try integer("left_window_size") ?? -1, try integer("right_window_size") ?? -1)
    guard left >= -1, right >= -1 else {
      throw .refused("expected windows of at least 0, or −1 for none, found \(left) and \(right)")
    }
    guard isCausal || left >= 0 || right >= 0 else { return nil }
    try ImportLimits.charge(checkedCount(of: [rows, columns]))
    let mask = (0..<rows * columns).map { place in
      let ahead = place % columns - place / columns - past
      let isExcluded = isCausal && ahead > 0 || right >= 0 && ahead > right || left >= 0 && 0 - ahead > left
      return isExcluded ? -Double.infinity : 0
    }
    return Numbers(mask, shape: [rows, columns])
  }
}

extension Numbers {
  /// The sum with other constants, without a gradient.
  fileprivate func plus(_ other: Numbers?) throws(ImportFailure) -> Numbers {
    guard let other else { return Numbers(elements, shape: shape) }
    let shape = try broadcastShape([shape, other.shape])
    func expanded(_ numbers: Numbers) throws(ImportFailure) -> [Double] {
      let places = try Integers(Array(0..<numbers.tensor.count), shape: numbers.shape).expanded(to: shape)
      let elements = numbers.elements
      return try places.elements().map { elements[$0] }
    }
    return Numbers(zip(try expanded(self), try expanded(other)).map { $0 + $1 }, shape: shape)
  }

  /// A mask that excludes the keys behind its last one.
  fileprivate func excludingFurther(to columns: Int) throws(ImportFailure) -> Numbers {
    guard let own = shape.last, own != 1, own < columns else { return self }
    let elements = elements
    let rows = elements.count / max(1, own)
    try ImportLimits.charge(checkedCount(of: [rows, columns]))
    return Numbers(
      (0..<rows * columns).map { place in
        place % columns < own ? elements[place / columns * own + place % columns] : -.infinity
      }, shape: shape.dropLast() + [columns])
  }

  /// Refuses a mask that leaves a query no key.
  fileprivate func requireKeys() throws(ImportFailure) {
    let columns = max(1, shape.last ?? 1)
    let elements = elements
    for row in stride(from: 0, to: elements.count, by: columns)
    where elements[row..<row + columns].allSatisfy({ $0 == -.infinity }) {
      throw .refused(
        "expected a mask that leaves every query at least one key, found one that leaves none")
    }
  }
}
