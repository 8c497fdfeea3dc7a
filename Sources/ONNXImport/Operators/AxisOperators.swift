import Blocks
import FileAccess
import LinearAlgebra
import Operators

extension OperatorTable {
  /// Operators that move elements.
  static let axisOperators: [String: OperatorHandler] = [
    "Transpose": .one(["perm"]) { node throws(ImportFailure) in
      let value = try node.input(0)
      let permutation = try node.integers("perm") ?? Array(value.shape.indices.reversed())
      return try node.transposed(value, permutation)
    },
    "Concat": .one(["axis"]) { node throws(ImportFailure) in try node.concatenation() },
    "Split": OperatorHandler(["axis", "num_outputs", "split"]) { node throws(ImportFailure) in
      try node.split()
    },
    "Slice": .one(["axes", "ends", "starts"]) { node throws(ImportFailure) in try node.slice() },
    "Gather": .one(["axis"]) { node throws(ImportFailure) in try node.gather() },
    "Expand": .one { node throws(ImportFailure) in try node.expand() },
    "Tile": .one { node throws(ImportFailure) in try node.tile() },
    "DepthToSpace": .variable(["blocksize", "mode"]) { node throws(ImportFailure) in try node.depthToSpace()
    },
    "SpaceToDepth": .variable(["blocksize", "mode"]) { node throws(ImportFailure) in try node.spaceToDepth()
    },
  ]
}

extension NodeImport {
  /// The value with its axes in another order.
  package func transposed(
    _ value: Value, _ permutation: [Int], suffix: String? = nil
  ) throws(ImportFailure) -> Value {
    guard permutation.sorted() == Array(value.shape.indices) else {
      throw .refused("perm: expected each axis of \(value.shape) once, found \(permutation)")
    }
    if permutation == Array(value.shape.indices) { return value }
    switch value {
    case .integers(let integers):
      return .integers(try integers.permuted(permutation))
    case .numbers(let numbers):
      if permutation == [1, 0], let transposed = numbers.transposedMatrix { return .numbers(transposed) }
      return try transposed(.variable(variable(value)), permutation, suffix: suffix)
    case .variable(let variable):
      let layout = variable.layout
      let shape = permutation.map { layout.shape[$0] }
      let batchAxis = layout.batchAxis.map { permutation.firstIndex(of: $0)! }
      let dims = permutation.filter { layout.isMerged || $0 != layout.batchAxis }.map(layout.sampleAxis)
      let target = try layout.replacing(shape, batchAxis: batchAxis)
      if dims == Array(dims.indices) { return .variable(Variable(source: variable.source, layout: target)) }
      let map = try linearMap("permute", from: layout.sampleShape, ["dims": .integers(dims)])
      return .variable(try mapped(variable, by: map, suffix: suffix, to: target))
    }
  }

  /// The coordinates of a value's axis at `index`.
  func selected(
    _ value: Value, axis: Int, _ index: [Int], suffix: String? = nil
  ) throws(ImportFailure) -> Value {
    let axis = try normalizedAxis(axis, rank: value.shape.count)
    let extent = value.shape[axis]
    guard index.allSatisfy({ (0..<extent).contains($0) }) else {
      throw .refused(
        "expected places from 0 to \(extent - 1), found \(index.first { !(0..<extent).contains($0) }!)")
    }
    if index.count == extent, index.indices.allSatisfy({ index[$0] == $0 }) { return value }
    if case .integers(let integers) = value { return .integers(try integers.selected(axis: axis, index)) }
    var shape = value.shape
    shape[axis] = index.count
    try checkedCount(of: shape)
    guard !index.isEmpty else {
      // No numbers are constants; only a shape with the extent of an open batch is no constant.
      guard try value.layout().batch?.isOpen != true else {
        throw .refused("expected at least one place of axis \(axis), found none")
      }
      return .numbers(Numbers([], shape: shape))
    }
    let variable = try variable(value)
    let dim = try variable.layout.sampleAxis(axis, to: "splits")
    let step = index.count > 1 ? index[1] - index[0] : 1
    let isSlice = step > 0 && index.indices.dropFirst().allSatisfy { index[$0] - index[$0 - 1] == step }
    let map =
      isSlice
      ? try linearMap(
        "slice", from: variable.layout.sampleShape,
        [
          "dim": .integers([dim]), "start": .integers([index[0]]), "end": .integers([index.last! + 1]),
          "step": .integers([step]),
        ])
      : try linearMap(
        "index_select", from: variable.layout.sampleShape,
        ["dim": .integers([dim]), "index": .integers(index)])
    return .variable(
      try mapped(variable, by: map, suffix: suffix, to: variable.layout.replacing(shape)))
  }

  fileprivate func concatenation() throws(ImportFailure) -> Value {
    guard let given = try integer("axis") else {
      throw .refused("attribute \"axis\": expected an integer, found none")
    }
    var values: [Value] = []
    for index in 0..<max(1, inputs.count) { values.append(try input(index)) }
    let axis = try normalizedAxis(given, rank: values[0].shape.count)
    for value in values {
      guard value.shape.count == values[0].shape.count,
        value.shape.indices.allSatisfy({ $0 == axis || value.shape[$0] == values[0].shape[$0] })
      else {
        throw .refused("expected shapes that differ along axis \(axis) only, found \(values.map(\.shape))")
      }
    }
    if let integers = try Integers.concatenated(values, axis: axis) { return .integers(integers) }
    if values.count == 1 { return values[0] }
    var shape = values[0].shape
    shape[axis] = values.reduce(0) { $0 + $1.shape[axis] }
    // Constants without elements along the axis add nothing.
    values.removeAll { $0.shape[axis] == 0 }
    var batch: TensorLayout.Batch?
    for value in values {
      guard let other = try value.layout().batch else { continue }
      guard batch ?? other == other else { throw .mixesBatch("joins values of different batch axes") }
      batch = other
    }
    let layout = try TensorLayout(shape, batch: batch)
    let dim = try layout.sampleAxis(axis, to: "joins along")
    var port = Port(shape: layout.sampleShape)
    var start = 0
    for value in values {
      port.add(try placed(value, dim: dim, start: start, in: layout))
      start += value.shape[axis]
    }
    return .variable(try affine(port, layout))
  }

  /// A value at its position along an axis of a larger one.
  private func placed(_ value: Value, dim: Int, start: Int, in layout: TensorLayout) throws(ImportFailure)
    -> Port
  {
    let total = layout.sampleShape[dim]
    func map(from shape: [Int]) throws(ImportFailure) -> any LinearMap<Double> {
      try linearMap(
        "place", from: shape,
        ["dim": .integers([dim]), "start": .integers([start]), "total": .integers([total])])
    }
    if case .numbers(let numbers) = value, !numbers.isTransposed,
      layout.batch.map({ $0.extent == 1 && !layout.isMerged }) ?? true
    {
      var shape = numbers.shape
      if let batchAxis = layout.batchAxis { shape.remove(at: batchAxis) }
      return Port(
        shape: layout.sampleShape,
        offsets: [Offset(tensor: numbers.tensor, map: try map(from: shape), parameter: numbers.parameter)])
    }
    let variable = try variable(value)
    guard
      variable.layout.batch == layout.batch
        || layout.batch.map({ $0.extent == 1 && !layout.isMerged }) ?? false
    else { throw .mixesBatch("joins a value of the whole batch with the batch") }
    var shape = variable.layout.sampleShape
    if variable.layout.batch == nil, let batchAxis = layout.batchAxis { shape.remove(at: batchAxis) }
    return Port(shape: layout.sampleShape, terms: [Term(source: variable.source, map: try map(from: shape))])
  }

  /// A value that is no integer, or the numbers that constant integers are.
  func floating(_ value: Value) throws(ImportFailure) -> Value {
    guard case .integers(let integers) = value, !integers.containsBatchExtent else { return value }
    return .numbers(try integers.asNumbers())
  }

  fileprivate func gather() throws(ImportFailure) -> Value {
    let value = try input(0)
    let axis = try normalizedAxis(integer("axis") ?? 0, rank: value.shape.count)
    guard case .integers(let places) = try input(1) else {
      return try gathered(floating(value), axis: axis, by: variable(1))
    }
    let extent = value.shape[axis]
    let index = try places.elements().map { $0 < 0 ? $0 &+ extent : $0 }
    let isView = places.shape.count == 1
    let part = try selected(value, axis: axis, index, suffix: isView ? nil : "selected")
    if isView { return part }
    if case .variable(let variable) = part {
      // One axis is replaced by those of the indices; the order of the elements stays.
      var shape = variable.layout.shape
      shape.replaceSubrange(axis...axis, with: places.shape)
      let shift = places.shape.count - 1
      let batchAxis = variable.layout.batchAxis.map { $0 > axis ? $0 + shift : $0 }
      if case .variable(let original) = value, variable.layout.batchAxis == axis {
        throw .mixesBatch("splits the batch axis of \(original.layout.shape)")
      }
      return .variable(
        Variable(source: variable.source, layout: try variable.layout.replacing(shape, batchAxis: batchAxis)))
    }
    var shape = part.shape
    shape.replaceSubrange(axis...axis, with: places.shape)
    return try reshaped(part, to: shape)
  }

  fileprivate func blockSize() throws(ImportFailure) -> Int {
    let given = try integer("blocksize")
    guard let size = given, (1...1 << 20).contains(size) else {
      throw .refused(
        "attribute \"blocksize\": expected an integer from 1 to \(1 << 20), found \(given.map { "\($0)" } ?? "none")"
      )
    }
    return size
  }

  fileprivate func depthToSpace() throws(ImportFailure) -> Variable {
    let (variable, shape) = try channels()
    let size = try blockSize()
    guard shape.count == 3, shape[0] % (size * size) == 0 else {
      throw .refused("expected images whose channels are a multiple of \(size * size), found shape \(shape)")
    }
    let isColumnRowDepth = try word("mode", of: ["DCR", "CRD"]) == "CRD"
    let depth = shape[0] / (size * size)
    let parts = isColumnRowDepth ? [depth, size, size] : [size, size, depth]
    let dims = isColumnRowDepth ? [0, 3, 1, 4, 2] : [2, 3, 0, 4, 1]
    let map = try linearMap("permute", from: parts + shape.dropFirst(), ["dims": .integers(dims)])
    return try mapped(
      variable, by: map, to: leading(variable.layout, [depth, shape[1] * size, shape[2] * size]))
  }

  fileprivate func spaceToDepth() throws(ImportFailure) -> Variable {
    let (variable, shape) = try channels()
    let size = try blockSize()
    guard shape.count == 3, shape[1] % size == 0, shape[2] % size == 0 else {
      throw .refused("expected images whose extents are multiples of \(size), found shape \(shape)")
    }
    let isColumnRowDepth = try word("mode", of: ["DCR", "CRD"]) == "CRD"
    let map = try linearMap(
      "permute", from: [shape[0], shape[1] / size, size, shape[2] / size, size],
      ["dims": .integers(isColumnRowDepth ? [0, 2, 4, 1, 3] : [2, 4, 0, 1, 3])])
    return try mapped(
      variable, by: map,
      to: leading(variable.layout, [shape[0] * size * size, shape[1] / size, shape[2] / size]))
  }
}
