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
    guard !index.isEmpty else { throw .refused("expected at least one place of axis \(axis), found none") }
    var shape = value.shape
    shape[axis] = index.count
    try checkedCount(of: shape)
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

  fileprivate func split() throws(ImportFailure) -> [Value] {
    let value = try input(0)
    let axis = try normalizedAxis(integer("axis") ?? 0, rank: value.shape.count)
    let extent = value.shape[axis]
    var sizes = try integers("split", orInput: 1) ?? []
    if sizes.isEmpty {
      let count = try integer("num_outputs") ?? node.outputs.count
      guard (1...max(1, extent)).contains(count) else {
        throw .refused("expected at most \(extent) parts, found \(count)")
      }
      // The last part is smaller if they cannot be equal.
      let size = (extent + count - 1) / count
      sizes = (0..<count).map { max(0, min(size, extent - $0 * size)) }
    }
    guard sizes.count == node.outputs.count, sizes.allSatisfy({ (0...extent).contains($0) }),
      sizes.reduce(0, +) == extent
    else {
      throw .refused(
        "split: expected \(counted(node.outputs.count, "extent")) that add up to \(extent), found \(sizes)")
    }
    var parts: [Value] = []
    var start = 0
    for (output, size) in zip(node.outputs, sizes) {
      // A part without readers needs no block, and may have no elements.
      let part = NodeImport(
        node: node.named(output), opset: opset, inputs: inputs, builder: builder)
      try ImportLimits.charge(size)
      parts.append(output.isEmpty ? value : try part.selected(value, axis: axis, Array(start..<start + size)))
      start += size
    }
    return parts
  }

  fileprivate func slice() throws(ImportFailure) -> Value {
    var value = try input(0)
    let rank = value.shape.count
    guard let starts = try integers("starts", orInput: 1),
      let ends = try integers("ends", orInput: 2), starts.count == ends.count
    else { throw .refused("expected as many starts as ends") }
    let axes = try integers("axes", orInput: 3) ?? Array(starts.indices)
    let steps = try constantIntegers(4, "steps") ?? starts.map { _ in 1 }
    guard axes.count == starts.count, steps.count == starts.count, axes.count <= rank else {
      throw .refused("expected as many axes and steps as starts, found \(axes) and \(steps)")
    }
    for (position, given) in axes.enumerated() {
      let axis = try normalizedAxis(given, rank: rank)
      let index = try sliceIndex(
        extent: value.shape[axis], starts[position], ends[position], step: steps[position])
      value = try selected(value, axis: axis, index, suffix: position < axes.count - 1 ? "axis\(axis)" : nil)
    }
    return value
  }

  /// The indices of a slice, as in NumPy.
  private func sliceIndex(extent: Int, _ start: Int, _ end: Int, step: Int) throws(ImportFailure) -> [Int] {
    guard step != 0, step > -(1 << 40), step < 1 << 40 else {
      throw .refused("steps: expected integers that are not 0, found \(step)")
    }
    func place(_ value: Int, _ range: ClosedRange<Int>) -> Int {
      let counted = value < 0 ? max(value, -(1 << 40)) + extent : value
      return min(max(counted, range.lowerBound), range.upperBound)
    }
    let range = step > 0 ? 0...extent : -1...extent - 1
    let (first, last) = (place(start, range), place(end, range))
    try ImportLimits.charge((last - first) / step)
    return Array(stride(from: first, to: last, by: step))
  }

  fileprivate func gather() throws(ImportFailure) -> Value {
    let value = try input(0)
    guard case .integers(let places) = try input(1) else {
      throw .refused("expected constant integers as indices, found a computed value")
    }
    let axis = try normalizedAxis(integer("axis") ?? 0, rank: value.shape.count)
    let extent = value.shape[axis]
    let index = places.elements.map { $0 < 0 ? $0 &+ extent : $0 }
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

  fileprivate func expand() throws(ImportFailure) -> Value {
    let value = try input(0)
    guard let wanted = try constantIntegers(1, "shape") else {
      throw .refused("expected a shape, found none")
    }
    return try expanded(value, to: wanted)
  }

  /// A value broadcast to a shape.
  private func expanded(_ value: Value, to wanted: [Int]) throws(ImportFailure) -> Value {
    try checkedCount(of: wanted)
    let shape = try broadcastShape([value.shape, wanted])
    if shape == value.shape { return value }
    if case .integers(let integers) = value { return .integers(try integers.expanded(to: shape)) }
    let layout = try value.layout()
    let batchAxis = layout.axesBehindBatch.map { shape.count - 1 - $0 }
    if let batchAxis, shape[batchAxis] != layout.shape[layout.batchAxis!] {
      throw .mixesBatch("repeats the batch axis")
    }
    return .variable(try expanded(value, over: expandedLayout(layout, to: shape, batchAxis: batchAxis)))
  }

  private func expandedLayout(
    _ layout: TensorLayout, to shape: [Int], batchAxis: Int?
  ) throws(ImportFailure) -> TensorLayout {
    if layout.batch != nil { return try layout.replacing(shape, batchAxis: batchAxis) }
    let missing = shape.count - layout.shape.count
    let repeated = batchExtent.flatMap { shape.firstIndex(of: $0) } ?? (shape[0] == leadingExtent ? 0 : nil)
    if let axis = repeated, axis < missing || layout.shape[axis - missing] == 1 {
      // Repeated for every sample.
      return try TensorLayout(shape, batch: TensorLayout.Batch(axis: axis, extent: shape[axis]))
    }
    return try TensorLayout(shape)
  }

  private func expanded(_ value: Value, over target: TensorLayout) throws(ImportFailure) -> Variable {
    try affine(port(value, over: target), target)
  }

  fileprivate func tile() throws(ImportFailure) -> Value {
    var value = try input(0)
    guard let repeats = try constantIntegers(1, "repeats"), repeats.count == value.shape.count,
      repeats.allSatisfy({ (1...TensorSize.maximum).contains($0) })
    else { throw .refused("repeats: expected a positive integer for each axis of \(value.shape)") }
    let axes = repeats.indices.filter { repeats[$0] > 1 }
    for axis in axes {
      let extent = value.shape[axis]
      var shape = value.shape
      shape[axis] = try checkedCount(of: [extent, repeats[axis]])
      try checkedCount(of: shape)
      try ImportLimits.charge(shape[axis])
      value = try selected(
        value, axis: axis, (0..<shape[axis]).map { $0 % extent },
        suffix: axis == axes.last ? nil : "axis\(axis)")
    }
    return value
  }

  fileprivate func blockSize() throws(ImportFailure) -> Int {
    guard let size = try integer("blocksize"), (1...1 << 20).contains(size) else {
      throw .refused("attribute \"blocksize\": expected a positive integer")
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

extension ONNXModel.Node {
  /// A node with only this output.
  fileprivate func named(_ output: String) -> ONNXModel.Node {
    ONNXModel.Node(
      operatorType: operatorType, domain: domain, name: name, inputs: inputs, outputs: [output],
      attributes: attributes)
  }
}
