import LinearAlgebra
import Operators

/// The shape of a value in the graph, and the position of its batch axis.
///
/// A model has only samples: it stores the shape of a value without the batch axis. A value without a batch
/// axis is the same for every sample, or the graph as a whole is one sample.
package struct TensorLayout: Equatable {
  /// The batch axis. A graph may merge it with others, as multi-head attention does with the heads. It then
  /// has `outer · extent · inner` elements, of which a sample has `outer · inner`.
  package struct Batch: Equatable {
    /// Its position.
    package var axis: Int
    /// The number of samples. If the batch is open it only stands for one, and no result depends on it.
    package let extent: Int
    /// Whether the model leaves the number of samples open, so that shape arithmetic has it as a symbol.
    var isOpen = false
    /// The number of elements of merged axes before the batch.
    package var outer = 1
    /// The number of elements of merged axes after the batch.
    package var inner = 1

    /// The number of a sample's elements along the axis.
    package var factor: Int { outer * inner }
  }

  /// The extent of every axis, including the batch.
  package let shape: [Int]
  /// The batch axis.
  package let batch: Batch?

  /// The layout of this shape.
  ///
  /// - Throws: If an extent is not positive, or a sample has too many elements.
  package init(_ shape: [Int], batch: Batch? = nil) throws(ImportFailure) {
    self.shape = shape
    self.batch = batch
    _ = try checkedCount(of: sampleShape, least: 1)
  }

  /// The position of the batch axis.
  package var batchAxis: Int? { batch?.axis }

  /// Whether other axes are merged with the batch.
  package var isMerged: Bool { batch.map { $0.factor > 1 } ?? false }

  /// The extent of every axis, that of an open batch as a symbol.
  var extents: [BatchInteger] {
    var extents = shape.map { BatchInteger($0) }
    if let batch, batch.isOpen { extents[batch.axis] = BatchInteger(0, multiple: batch.factor) }
    return extents
  }

  /// The shape in messages, the extent of an open batch as N.
  var description: String {
    let extents = extents.map { extent in
      extent.known.map { "\($0)" } ?? (extent.multiple == 1 ? "N" : "\(extent.multiple)N")
    }
    return "[\(extents.joined(separator: ", "))]"
  }

  /// The shape of one sample.
  var sampleShape: [Int] {
    guard let batch else { return shape }
    var shape = shape
    if isMerged { shape[batch.axis] = batch.factor } else { shape.remove(at: batch.axis) }
    return shape
  }

  /// The number of axes after the batch axis.
  var axesBehindBatch: Int? { batch.map { shape.count - 1 - $0.axis } }

  /// The axis of a sample for an axis of the shape; a negative one counts from the end.
  ///
  /// - Throws: `mixesBatch` if it is the batch axis.
  func sampleAxis(_ axis: Int, to verb: String) throws(ImportFailure) -> Int {
    let axis = try self.axis(axis)
    guard axis != batchAxis else { throw .mixesBatch("\(verb) the batch axis") }
    return sampleAxis(axis)
  }

  /// The axis of a sample for an axis that is not the batch, or is merged with it.
  func sampleAxis(_ axis: Int) -> Int {
    guard let batch, !isMerged, batch.axis < axis else { return axis }
    return axis - 1
  }

  /// A possibly negative axis as a non-negative one.
  package func axis(_ axis: Int) throws(ImportFailure) -> Int { try normalizedAxis(axis, rank: shape.count) }

  /// The layout of another shape with the same batch, at the same position or another one.
  package func replacing(_ shape: [Int], batchAxis: Int? = nil) throws(ImportFailure) -> TensorLayout {
    var batch = batch
    if let batchAxis { batch?.axis = batchAxis }
    return try TensorLayout(shape, batch: batch)
  }

  /// The layout of values whose samples have this shape, with the same number of axes.
  package func with(sampleShape: [Int]) throws(ImportFailure) -> TensorLayout {
    guard let batch else { return try TensorLayout(sampleShape) }
    var shape = sampleShape
    if isMerged {
      guard shape[batch.axis] == batch.factor else { throw .mixesBatch("splits the batch axis") }
      shape[batch.axis] = self.shape[batch.axis]
    } else {
      shape.insert(batch.extent, at: batch.axis)
    }
    return try TensorLayout(shape, batch: batch)
  }

  /// The layout of the same elements in the same order in another shape.
  ///
  /// - Throws: `mixesBatch` if no axis of it holds the whole batch.
  package func reshaped(to shape: [Int]) throws(ImportFailure) -> TensorLayout {
    guard var batch else { return try TensorLayout(shape) }
    // The elements of a sample form `before` runs.
    let before = self.shape.prefix(batch.axis).reduce(1, *) * batch.outer
    var count = 1
    for (axis, extent) in shape.enumerated() {
      if before % count == 0, extent % (before / count * batch.extent) == 0 {
        batch.axis = axis
        batch.outer = before / count
        batch.inner = extent / (batch.outer * batch.extent)
        return try TensorLayout(shape, batch: batch)
      }
      count *= extent
    }
    throw .mixesBatch("reshapes \(self.shape) to \(shape), which splits the batch axis")
  }

  /// The layout of the same elements in the same order in another shape, whose extents may contain that of the batch.
  ///
  /// - Throws: `mixesBatch` if none contains it, or not in the elements' order. A batch of one is also found by the
  ///   order of the elements, since files that assume it write its extent as a number.
  func reshaped(to extents: [BatchInteger]) throws(ImportFailure) -> TensorLayout {
    guard var batch, batch.isOpen else {
      guard let shape = extents.known else { throw .usesBatchExtent }
      return try reshaped(to: shape)
    }
    let shape = try extents.values(at: batch.extent)
    let axes = extents.indices.filter { extents[$0].known == nil }
    guard let axis = axes.first else {
      guard batch.extent == 1 else {
        throw .mixesBatch("reshapes to \(shape), which has no axis for the batch")
      }
      return try reshaped(to: shape)
    }
    let before = self.shape.prefix(batch.axis).reduce(1, *) * batch.outer
    let count = shape.prefix(axis).reduce(1, *)
    guard axes.count == 1, extents[axis].constant == 0, count > 0, before % count == 0,
      extents[axis].multiple % (before / count) == 0
    else { throw .mixesBatch("splits the batch axis") }
    batch.axis = axis
    batch.outer = before / count
    batch.inner = extents[axis].multiple / batch.outer
    return try TensorLayout(shape, batch: batch)
  }

  /// The layout of several values after broadcasting as in NumPy.
  ///
  /// - Throws: `mixesBatch` if a batch axis meets another value's axis that is not its batch.
  package static func broadcast(_ layouts: [TensorLayout]) throws(ImportFailure) -> TensorLayout {
    let shape = try broadcastShape(layouts.map(\.shape))
    guard let first = layouts.first(where: { $0.batch != nil }), let behind = first.axesBehindBatch else {
      return try TensorLayout(shape)
    }
    for layout in layouts {
      if let batch = layout.batch {
        guard layout.axesBehindBatch == behind, batch.outer == first.batch!.outer,
          batch.inner == first.batch!.inner
        else { throw .mixesBatch("broadcasts two batch axes against each other") }
      } else if layout.shape.count > behind, layout.shape[layout.shape.count - 1 - behind] != 1 {
        throw .mixesBatch("broadcasts the batch axis against another")
      }
    }
    return try first.replacing(shape, batchAxis: shape.count - 1 - behind)
  }
}

/// The shape of several shapes after broadcasting as in NumPy, aligned at the last axis.
func broadcastShape(_ shapes: [[Int]]) throws(ImportFailure) -> [Int] {
  let rank = shapes.map(\.count).max() ?? 0
  var result = [Int](repeating: 1, count: rank)
  for shape in shapes {
    for (index, extent) in shape.enumerated() where extent != 1 {
      let axis = rank - shape.count + index
      guard result[axis] == 1 || result[axis] == extent else {
        throw .refused("expected shapes that broadcast, found \(shapes)")
      }
      result[axis] = extent
    }
  }
  return result
}

/// The number of elements of a shape.
///
/// - Throws: If an extent is below `least`, or there are more elements than allowed.
@discardableResult
func checkedCount(
  of shape: [Int], least: Int = 0, most: Int = TensorSize.maximum
) throws(ImportFailure) -> Int {
  // An extent of 0 does not excuse the others: products of some extents of a shape must be as small.
  guard shape.allSatisfy({ $0 >= least }),
    let count = checkedProduct(shape.map { max($0, 1) }, atMost: most)
  else {
    throw .refused(
      "expected extents of at least \(least) and at most \(most) elements, found shape \(shape)")
  }
  guard shape.count <= TensorSize.maximumRank else {
    throw .refused("expected up to \(TensorSize.maximumRank) axes, found \(shape.count)")
  }
  return shape.contains(0) ? 0 : count
}

/// A possibly negative axis of a tensor of `rank` axes as a non-negative one.
func normalizedAxis(_ axis: Int, rank: Int) throws(ImportFailure) -> Int {
  guard (-rank..<rank).contains(axis) else {
    throw .refused("expected an axis from \(-rank) to \(rank - 1), found \(axis)")
  }
  return axis < 0 ? axis + rank : axis
}

/// The shape for an operator: a single number becomes a vector of one element.
func atLeastVector(_ shape: [Int]) -> [Int] { shape.isEmpty ? [1] : shape }
