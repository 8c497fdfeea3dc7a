import FileAccess
import Operators

extension OperatorTable {
  /// Sums of products by the names of their axes.
  static let sumsOfProducts: [String: OperatorHandler] = [
    "Einsum": .variable(["equation"]) { node throws(ImportFailure) in try node.einsum() }
  ]
}

/// A tensor with names for its axes.
private struct EinsumOperand {
  var value: Value
  var axes: [EinsumAxis]

  /// The extent of an axis; nil if the tensor does not have it.
  func extent(_ axis: EinsumAxis) -> BatchInteger? {
    axes.firstIndex(of: axis).map { value.extents[$0] }
  }

  /// Whether an axis is that of the batch, with no other axis merged into it.
  func hasBatch(_ axis: EinsumAxis) throws(ImportFailure) -> Bool {
    guard let batch = try value.layout().batch, batch.factor == 1 else { return false }
    return axes[batch.axis] == axis
  }
}

extension NodeImport {
  /// More tensors than any equation multiplies, few enough to compare each with all others.
  private static let mostTensors = 64

  /// The product of the first two tensors, then of that and the third, and so on.
  fileprivate func einsum() throws(ImportFailure) -> Variable {
    guard case .word(let text)? = node.attributes["equation"] else {
      throw .refused("attribute \"equation\": expected words")
    }
    guard inputs.count <= Self.mostTensors else {
      throw .refused("expected at most \(Self.mostTensors) tensors, found \(inputs.count)")
    }
    var ranks: [Int] = []
    for index in inputs.indices { ranks.append(try input(index).shape.count) }
    let equation = try EinsumEquation(text, ranks: ranks)
    var operands: [EinsumOperand] = []
    for (index, axes) in equation.inputs.enumerated() {
      let operand = EinsumOperand(value: try floating(input(index)), axes: axes)
      operands.append(try diagonal(operand, suffix: "diagonal\(index)"))
    }
    try dropSingleExtents(of: &operands)
    for index in operands.indices {
      let others = Set(operands.indices.filter { $0 != index }.flatMap { operands[$0].axes })
      operands[index] = try summed(
        operands[index], keeping: others.union(equation.output), suffix: "sum\(index)")
    }
    var result = operands[0]
    for index in operands.indices.dropFirst() {
      let needed = Set(equation.output).union(operands[(index + 1)...].flatMap(\.axes))
      result = try product(
        result, operands[index], keeping: needed, suffix: operands.count == 2 ? "" : "\(index)")
    }
    let permutation = equation.output.map { result.axes.firstIndex(of: $0)! }
    let variable = try variable(transposed(result.value, permutation, suffix: "order"))
    return try affine(port(variable), variable.layout)
  }

  /// The diagonal of axes with one name, in the place of the first of them.
  private func diagonal(_ operand: EinsumOperand, suffix: String) throws(ImportFailure) -> EinsumOperand {
    var operand = operand
    while let second = operand.axes.indices.first(where: { operand.axes[..<$0].contains(operand.axes[$0]) }) {
      let first = operand.axes.firstIndex(of: operand.axes[second])!
      let extents = operand.value.extents
      guard extents[first] == extents[second] else {
        throw .refused(
          "expected one extent of the axis \(operand.axes[first].description), "
            + "found shape \(operand.value.shape)")
      }
      guard let extent = extents[first].known, try operand.value.layout().batchAxis != first,
        try operand.value.layout().batchAxis != second
      else { throw .mixesBatch("takes a diagonal of the batch axis") }
      var order = Array(extents.indices)
      order.remove(at: second)
      order.insert(second, at: first + 1)
      let beside = try transposed(operand.value, order, suffix: "\(suffix)/beside")
      operand.axes.remove(at: second)
      var merged = operand.axes.indices.map { beside.extents[$0 > first ? $0 + 1 : $0] }
      merged[first] = BatchInteger(try checkedCount(of: [extent, extent]))
      operand.value = try selected(
        reshaped(beside, to: merged), axis: first, (0..<extent).map { $0 * (extent + 1) }, suffix: suffix)
    }
    return operand
  }

  /// Removes the axes of extent 1 that have a larger extent in another tensor: they are broadcast.
  private func dropSingleExtents(of operands: inout [EinsumOperand]) throws(ImportFailure) {
    let one = BatchInteger(1)
    for axis in operands.flatMap(\.axes) {
      let extents = operands.compactMap { $0.extent(axis) }
      let large = extents.filter { $0 != one }
      guard large.allSatisfy({ $0 == large[0] }) else {
        throw .refused(
          "expected one extent of the axis \(axis.description), found shapes "
            + operands.map { "\($0.value.shape)" }.joined(separator: " and "))
      }
      for index in operands.indices where !large.isEmpty && operands[index].extent(axis) == one {
        let place = operands[index].axes.firstIndex(of: axis)!
        guard try operands[index].value.layout().batchAxis != place else {
          throw .mixesBatch("broadcasts the batch axis against another")
        }
        var extents = operands[index].value.extents
        extents.remove(at: place)
        operands[index].axes.remove(at: place)
        operands[index].value = try reshaped(operands[index].value, to: extents)
      }
    }
  }

  /// The sum over the axes that occur nowhere else.
  private func summed(
    _ operand: EinsumOperand, keeping kept: Set<EinsumAxis>, suffix: String
  ) throws(ImportFailure) -> EinsumOperand {
    let lost = operand.axes.indices.filter { !kept.contains(operand.axes[$0]) }
    guard !lost.isEmpty else { return operand }
    let sum = try linear(
      "sum", reduction(of: variable(operand.value), axes: lost, keepsAxes: false), suffix: suffix)
    return EinsumOperand(value: .variable(sum), axes: operand.axes.filter(kept.contains))
  }

  /// Matrix products: rows are the axes of the first only, columns those of the second only.
  private func product(
    _ first: EinsumOperand, _ second: EinsumOperand, keeping kept: Set<EinsumAxis>, suffix: String
  ) throws(ImportFailure) -> EinsumOperand {
    let common = first.axes.filter(second.axes.contains)
    let inner = common.filter { !kept.contains($0) }
    var shared = common.filter(kept.contains)
    var rows = first.axes.filter { !common.contains($0) }
    var columns = second.axes.filter { !common.contains($0) }
    // The batch of one tensor is a leading axis of extent 1 of the other one, unless that is a matrix, which is applied
    // to the samples as a linear map.
    if !(shared.isEmpty && second.value.isMatrix && inner.count == 1 && columns.count == 1) {
      for axis in rows where try first.hasBatch(axis) { shared.insert(axis, at: 0) }
    }
    if !(shared.isEmpty && first.value.isMatrix && inner.count == 1 && rows.count == 1) {
      for axis in columns where try second.hasBatch(axis) { shared.insert(axis, at: 0) }
    }
    rows.removeAll(where: shared.contains)
    columns.removeAll(where: shared.contains)
    let result = try matrixProduct(
      matrix(first, shared, [rows, inner], "first\(suffix)"),
      matrix(second, shared, [inner, columns], "second\(suffix)"), name: "\(name)/product\(suffix)")
    let axes = shared + rows + columns
    let extents = axes.map { first.extent($0) ?? second.extent($0)! }
    return EinsumOperand(value: try reshaped(.variable(result), to: extents), axes: axes)
  }

  /// A tensor as matrices: the shared axes, of extent 1 where it does not have them, and one axis for each group.
  private func matrix(
    _ operand: EinsumOperand, _ shared: [EinsumAxis], _ groups: [[EinsumAxis]], _ suffix: String
  ) throws(ImportFailure) -> Value {
    let order = (shared + groups.joined()).compactMap { operand.axes.firstIndex(of: $0) }
    let value = try transposed(operand.value, order, suffix: suffix)
    var extents = shared.map { operand.extent($0) ?? BatchInteger(1) }
    for group in groups {
      guard let extent = group.map({ operand.extent($0)! }).product else {
        throw .refused("expected shapes without overflow, found \(value.shape)")
      }
      extents.append(extent)
    }
    return try reshaped(value, to: extents)
  }
}

extension Value {
  /// Whether the value is a constant matrix as it is in the file, or its transpose.
  fileprivate var isMatrix: Bool {
    if case .numbers(let numbers) = self { numbers.transposedMatrix != nil } else { false }
  }
}
