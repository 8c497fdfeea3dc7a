import LinearAlgebra
import Operators

extension NodeImport {
  func expand() throws(ImportFailure) -> Value {
    let value = try input(0)
    guard let wanted = try symbols(1, "shape") else {
      throw .refused("expected a shape, found none")
    }
    return try expanded(value, to: wanted)
  }

  /// A value broadcast to a shape.
  func expanded(_ value: Value, to wanted: [BatchInteger]) throws(ImportFailure) -> Value {
    let extents = try wanted.values(at: openExtent ?? 1)
    if wanted.known != nil { try checkedCount(of: extents) }
    let shape = try broadcastShape([value.shape, extents])
    let layout = try value.layout()
    let missing = shape.count - layout.shape.count
    let axes = wanted.indices.filter { wanted[$0].known == nil }.map { $0 + shape.count - wanted.count }
    let repeats = axes.contains { $0 < missing || value.extents[$0 - missing].known == 1 }
    if shape == value.shape, !repeats { return value }
    if case .integers(let integers) = value {
      guard wanted.known != nil else { throw .mixesBatch("repeats integers for every sample") }
      return .integers(try integers.expanded(to: shape))
    }
    let batchAxis = layout.axesBehindBatch.map { shape.count - 1 - $0 }
    if let batchAxis {
      guard shape[batchAxis] == layout.shape[layout.batchAxis!],
        axes.allSatisfy({
          $0 == batchAxis && wanted[$0 - shape.count + wanted.count] == layout.extents[$0 - missing]
        })
      else { throw .mixesBatch("repeats the batch axis") }
      return .variable(try expanded(value, over: layout.replacing(shape, batchAxis: batchAxis)))
    }
    guard let axis = axes.first else {
      return .variable(try expanded(value, over: repeatedLayout(layout, to: shape)))
    }
    // Repeated for every sample of an open batch.
    let extent = wanted[axis - shape.count + wanted.count]
    guard axes.count == 1, extent.constant == 0, extent.multiple > 0, let open = openExtent else {
      throw .usesBatchExtent
    }
    let batch = TensorLayout.Batch(axis: axis, extent: open, isOpen: true, inner: extent.multiple)
    return .variable(try expanded(value, over: TensorLayout(shape, batch: batch)))
  }

  /// The layout of a value broadcast to known extents, of which the first may be the batch's.
  private func repeatedLayout(_ layout: TensorLayout, to shape: [Int]) throws(ImportFailure) -> TensorLayout {
    let missing = shape.count - layout.shape.count
    if shape[0] == leadingExtent, missing > 0 || layout.shape[0] == 1 {
      return try TensorLayout(shape, batch: TensorLayout.Batch(axis: 0, extent: shape[0]))
    }
    return try TensorLayout(shape)
  }

  private func expanded(_ value: Value, over target: TensorLayout) throws(ImportFailure) -> Variable {
    try affine(port(value, over: target), target)
  }

  func tile() throws(ImportFailure) -> Value {
    var value = try input(0)
    if let symbols = try symbols(1, "repeats"), symbols.known == nil, symbols.count == value.shape.count {
      return try tiled(value, symbols)
    }
    let given = try constantIntegers(1, "repeats")
    guard let repeats = given, repeats.count == value.shape.count, repeats.allSatisfy({ $0 > 0 }) else {
      throw .refused(
        "repeats: expected a positive integer for each axis of \(value.shape), found \(given.map { "\($0)" } ?? "none")"
      )
    }
    let factors = (value.shape + repeats).map { max($0, 1) }
    guard checkedProduct(factors, atMost: TensorSize.maximum) != nil else {
      throw .refused(
        "repeats: expected a result of at most \(TensorSize.maximum) elements, found \(repeats) for shape \(value.shape)"
      )
    }
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

  /// A value repeated for every sample: only along axes of extent 1.
  private func tiled(_ value: Value, _ repeats: [BatchInteger]) throws(ImportFailure) -> Value {
    for (extent, count) in zip(value.extents, repeats) where count.known != 1 && extent.known != 1 {
      throw .usesBatchExtent
    }
    return try expanded(value, to: zip(value.extents, repeats).map { $1.known == 1 ? $0 : $1 })
  }
}
