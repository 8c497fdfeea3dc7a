import FileAccess
import Operators

extension OperatorTable {
  /// Sums of products by the names of their axes.
  static let sumsOfProducts: [String: OperatorHandler] = [
    "Einsum": .variable(["equation"]) { node throws(ImportFailure) in try node.einsum() }
  ]
}

/// The parsed form of `ij,jk->ik`.
private struct EinsumEquation {
  let inputs: [[Character]]
  let output: [Character]

  init(_ text: String, ranks: [Int]) throws(ImportFailure) {
    let count = ranks.count
    let plain = try Self.withoutEllipsis(text.filter { $0 != " " }, ranks)
    let halves = plain.split(separator: ">", omittingEmptySubsequences: false)
    let isExplicit = halves.count == 2 && halves[0].hasSuffix("-")
    let terms = (isExplicit ? halves[0].dropLast() : plain[...]).split(
      separator: ",", omittingEmptySubsequences: false
    ).map { Array($0) }
    let letters = terms.flatMap { $0 }
    // Without an explicit output it is the axes that occur once, in alphabetical order.
    let output =
      isExplicit ? Array(halves[1]) : letters.filter { l in letters.count { $0 == l } == 1 }.sorted()
    guard isExplicit || halves.count == 1, terms.count == count, (1...2).contains(count),
      (letters + output).allSatisfy({ $0.isASCII && $0.isLetter }), Set(output).count == output.count,
      terms.allSatisfy({ Set($0).count == $0.count }), output.allSatisfy(letters.contains)
    else {
      throw .refused(
        "equation: expected the axes of one or two tensors, each once, found \(quoted(text))")
    }
    inputs = terms
    self.output = output
  }

  /// The equation with letters of its own for the axes that an ellipsis stands for, aligned at the last.
  private static func withoutEllipsis(_ text: String, _ ranks: [Int]) throws(ImportFailure) -> String {
    guard text.contains("...") else { return text }
    let free = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".filter { !text.contains($0) }
    let halves = text.split(separator: "->", maxSplits: 1, omittingEmptySubsequences: false)
    let terms = halves[0].split(separator: ",", omittingEmptySubsequences: false)
    guard terms.count == ranks.count else {
      throw .refused("equation: expected \(counted(ranks.count, "term")), found \(quoted(text))")
    }
    var extents: [Int] = []
    for (term, rank) in zip(terms, ranks) where term.contains("...") {
      extents.append(rank - (term.count - 3))
    }
    guard let most = extents.max(), extents.allSatisfy({ $0 >= 0 }), most <= free.count else {
      throw .refused("equation: expected axes for every letter, found \(quoted(text))")
    }
    func filled(_ term: Substring, _ count: Int) -> String {
      term.replacingEllipsis(by: free.prefix(most).suffix(count))
    }
    var inputs: [String] = []
    for (term, rank) in zip(terms, ranks) { inputs.append(filled(term, max(0, rank - (term.count - 3)))) }
    if halves.count == 2 { return inputs.joined(separator: ",") + "->" + filled(halves[1], most) }
    // Without an output, the axes of the ellipsis come first, then those that occur once.
    let letters = halves[0].filter { $0.isLetter }
    let single = letters.filter { letter in letters.count { $0 == letter } == 1 }.sorted()
    return inputs.joined(separator: ",") + "->" + free.prefix(most) + String(single)
  }
}

extension Substring {
  /// The text with other characters in the place of three dots.
  fileprivate func replacingEllipsis(by letters: Substring) -> String {
    var parts = split(separator: "...", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return String(self) }
    parts.insert(letters, at: 1)
    return parts.joined()
  }
}

extension NodeImport {
  fileprivate func einsum() throws(ImportFailure) -> Variable {
    guard case .word(let text)? = node.attributes["equation"] else {
      throw .refused("attribute \"equation\": expected words")
    }
    var ranks: [Int] = []
    for index in inputs.indices { ranks.append(try input(index).shape.count) }
    let equation = try EinsumEquation(text, ranks: ranks)
    var operands: [(value: Value, axes: [Character])] = []
    for (index, axes) in equation.inputs.enumerated() {
      let value = try input(index)
      guard value.shape.count == axes.count else {
        throw .refused("expected a tensor with the axes \(String(axes)), found shape \(value.shape)")
      }
      let others = Set(equation.inputs.enumerated().filter { $0.offset != index }.flatMap(\.element))
      operands.append(try summed(value, axes, keeping: others.union(equation.output), suffix: "sum\(index)"))
    }
    if operands.count == 1 {
      let permutation = equation.output.map { operands[0].axes.firstIndex(of: $0)! }
      let result = try transposed(operands[0].value, permutation)
      let variable = try variable(result)
      return try affine(port(variable), variable.layout)
    }
    return try product(operands[0], operands[1], to: equation.output)
  }

  /// The sum over the axes that occur nowhere else.
  private func summed(
    _ value: Value, _ axes: [Character], keeping kept: Set<Character>, suffix: String
  ) throws(ImportFailure) -> (value: Value, axes: [Character]) {
    let lost = axes.indices.filter { !kept.contains(axes[$0]) }
    guard !lost.isEmpty else { return (value, axes) }
    let sum = try linear(
      "sum", reduction(of: variable(value), axes: lost, keepsAxes: false), suffix: suffix)
    return (.variable(sum), axes.filter { kept.contains($0) })
  }

  /// Matrix products: rows are the axes of the first only, columns those of the second only.
  private func product(
    _ first: (value: Value, axes: [Character]), _ second: (value: Value, axes: [Character]),
    to output: [Character]
  ) throws(ImportFailure) -> Variable {
    let common = first.axes.filter(second.axes.contains)
    let shared = common.filter(output.contains)
    let inner = common.filter { !output.contains($0) }
    let rows = first.axes.filter { !common.contains($0) }
    let columns = second.axes.filter { !common.contains($0) }
    var extents: [Character: BatchInteger] = [:]
    for (axis, extent) in zip(first.axes + second.axes, first.value.extents + second.value.extents) {
      guard extents.updateValue(extent, forKey: axis) ?? extent == extent else {
        throw .refused(
          "expected one extent of the axis \(axis), found \(first.value.shape) and \(second.value.shape)")
      }
    }
    func shape(_ axes: [Character]) -> [BatchInteger] { axes.map { extents[$0]! } }
    func matrix(_ operand: (value: Value, axes: [Character]), _ groups: [[Character]], _ suffix: String)
      throws(ImportFailure) -> Value
    {
      let order = shared + groups.flatMap { $0 }
      let value = try transposed(
        operand.value, order.map { operand.axes.firstIndex(of: $0)! }, suffix: suffix)
      var merged = shape(shared)
      for group in groups {
        guard let extent = shape(group).product else {
          throw .refused("expected shapes without overflow, found \(value.shape)")
        }
        merged.append(extent)
      }
      return try reshaped(value, to: merged)
    }
    let result = try matrixProduct(
      matrix(first, [rows, inner], "first"), matrix(second, [inner, columns], "second"),
      name: "\(name)/product")
    let axes = shared + rows + columns
    let unfolded = try reshaped(.variable(result), to: shape(axes))
    let variable = try variable(
      transposed(unfolded, output.map { axes.firstIndex(of: $0)! }, suffix: "order"))
    return try affine(port(variable), variable.layout)
  }
}
