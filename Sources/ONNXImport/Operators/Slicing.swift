import FileAccess

extension NodeImport {
  func split() throws(ImportFailure) -> [Value] {
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

  func slice() throws(ImportFailure) -> Value {
    var value = try input(0)
    let rank = value.shape.count
    guard let starts = try integers("starts", orInput: 1),
      let ends = try ends(),
      starts.count == ends.count
    else { throw .refused("expected as many starts as ends") }
    let axes = try integers("axes", orInput: 3) ?? Array(starts.indices)
    let steps = try constantIntegers(4, "steps") ?? starts.map { _ in 1 }
    guard axes.count == starts.count, steps.count == starts.count, axes.count <= rank else {
      throw .refused("expected as many axes and steps as starts, found \(axes) and \(steps)")
    }
    for (position, given) in axes.enumerated() {
      let axis = try normalizedAxis(given, rank: rank)
      if try keepsBatch(value, axis, starts[position], ends[position], step: steps[position]) { continue }
      guard let end = ends[position].known else { throw .usesBatchExtent }
      let index = try sliceIndex(extent: value.shape[axis], starts[position], end, step: steps[position])
      value = try selected(value, axis: axis, index, suffix: position < axes.count - 1 ? "axis\(axis)" : nil)
    }
    return value
  }

  /// Where a slice ends along each of its axes: an attribute until opset 9, then an input.
  private func ends() throws(ImportFailure) -> [BatchInteger]? {
    if let given = try integers("ends") { return given.map { BatchInteger($0) } }
    return try symbols(2, "ends")
  }

  /// Whether a slice keeps all of an open batch.
  ///
  /// - Throws: `mixesBatch` if it keeps a part of it.
  private func keepsBatch(
    _ value: Value, _ axis: Int, _ start: Int, _ end: BatchInteger, step: Int
  ) throws(ImportFailure) -> Bool {
    guard case .variable(let variable) = value, let batch = variable.layout.batch, batch.isOpen,
      batch.axis == axis
    else { return false }
    // The largest number that exporters write for an open end.
    let isOpenEnd = end.known.map { $0 >= Int(Int32.max) } ?? false
    let extent = batch.extent == 1 ? BatchInteger(batch.factor) : value.extents[axis]
    let order = end.comparison(with: extent)
    guard start == 0, step == 1, isOpenEnd || order == .equal || order == .greater else {
      throw .mixesBatch("slices the batch axis")
    }
    return true
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
}

extension ONNXModel.Node {
  /// A node with only this output.
  fileprivate func named(_ output: String) -> ONNXModel.Node {
    ONNXModel.Node(
      operatorType: operatorType, domain: domain, name: name, inputs: inputs, outputs: [output],
      attributes: attributes)
  }
}
