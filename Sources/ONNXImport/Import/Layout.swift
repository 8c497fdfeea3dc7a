/// The shape of a value as the graph has it, and which of its axes is the batch.
///
/// A model knows samples only: what it holds of a value is its shape without the batch axis. A value without a batch axis
/// is the same for every sample, or the graph as a whole is one sample.
package struct Layout: Equatable {
  /// The axis along which samples lie. A graph may merge it with others, as multi-head attention does with the heads: then
  /// it has `outer · extent · inner` elements, and a sample has `outer · inner` of them along it.
  package struct Batch: Equatable {
    /// Its position.
    package var axis: Int
    /// The number of samples.
    package let extent: Int
    /// The elements of axes before the batch that are merged with it.
    package var outer = 1
    /// The elements of axes behind the batch that are merged with it.
    package var inner = 1

    /// The elements that a sample has along the axis.
    package var factor: Int { outer * inner }
  }

  /// The extent of every axis, the batch's too.
  package let shape: [Int]
  /// The batch axis.
  package let batch: Batch?

  /// The largest number of elements that a sample may have.
  package static let maximumCount = 1 << 26

  /// The layout of this shape.
  ///
  /// - Throws: Where an extent is not positive, or a sample has too many elements.
  package init(_ shape: [Int], batch: Batch? = nil) throws(ImportFailure) {
    self.shape = shape
    self.batch = batch
    _ = try checkedCount(of: sampleShape, least: 1)
  }

  /// The position of the batch axis.
  package var batchAxis: Int? { batch?.axis }

  /// Whether other axes are merged with the batch.
  package var isMerged: Bool { batch.map { $0.factor > 1 } ?? false }

  /// The shape of one sample.
  var sampleShape: [Int] {
    guard let batch else { return shape }
    var shape = shape
    if isMerged { shape[batch.axis] = batch.factor } else { shape.remove(at: batch.axis) }
    return shape
  }

  /// How many axes stand behind the batch axis.
  var axesBehindBatch: Int? { batch.map { shape.count - 1 - $0.axis } }

  /// The axis of a sample that an axis of the shape is, counted from the end where it is negative.
  ///
  /// - Throws: `mixesBatch` where it is the batch axis.
  func sampleAxis(_ axis: Int, to verb: String) throws(ImportFailure) -> Int {
    let axis = try self.axis(axis)
    guard axis != batchAxis else { throw .mixesBatch("\(verb) the batch axis") }
    return sampleAxis(axis)
  }

  /// The axis of a sample that an axis is which is not the batch, or is merged with it.
  func sampleAxis(_ axis: Int) -> Int {
    guard let batch, !isMerged, batch.axis < axis else { return axis }
    return axis - 1
  }

  /// An axis, counted from the beginning.
  package func axis(_ axis: Int) throws(ImportFailure) -> Int { try normalizedAxis(axis, rank: shape.count) }

  /// The layout of another shape with the same batch, at the same position or another one.
  package func replacing(_ shape: [Int], batchAxis: Int? = nil) throws(ImportFailure) -> Layout {
    var batch = batch
    if let batchAxis { batch?.axis = batchAxis }
    return try Layout(shape, batch: batch)
  }

  /// The layout of values whose samples have this shape, as many axes as here.
  package func with(sampleShape: [Int]) throws(ImportFailure) -> Layout {
    guard let batch else { return try Layout(sampleShape) }
    var shape = sampleShape
    if isMerged {
      guard shape[batch.axis] == batch.factor else { throw .mixesBatch("takes the batch axis apart") }
      shape[batch.axis] = self.shape[batch.axis]
    } else {
      shape.insert(batch.extent, at: batch.axis)
    }
    return try Layout(shape, batch: batch)
  }

  /// The layout of the same elements in the same order in another shape.
  ///
  /// - Throws: `mixesBatch` where no axis of it holds the whole batch.
  package func reshaped(to shape: [Int]) throws(ImportFailure) -> Layout {
    guard var batch else { return try Layout(shape) }
    // A sample's elements come in `before` runs.
    let before = self.shape.prefix(batch.axis).reduce(1, *) * batch.outer
    var count = 1
    for (axis, extent) in shape.enumerated() {
      if before % count == 0, extent % (before / count * batch.extent) == 0 {
        batch.axis = axis
        batch.outer = before / count
        batch.inner = extent / (batch.outer * batch.extent)
        return try Layout(shape, batch: batch)
      }
      count *= extent
    }
    throw .mixesBatch("reshapes \(self.shape) to \(shape), which takes the batch axis apart")
  }

  /// The layout of several values broadcast against each other as NumPy does.
  ///
  /// - Throws: `mixesBatch` where one's batch axis lies along an axis of another that is none.
  package static func broadcast(_ layouts: [Layout]) throws(ImportFailure) -> Layout {
    let shape = try broadcastShape(layouts.map(\.shape))
    guard let first = layouts.first(where: { $0.batch != nil }), let behind = first.axesBehindBatch else {
      return try Layout(shape)
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

/// The shape of several shapes broadcast against each other, from the last axis, as NumPy does.
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
/// - Throws: Where an extent is below `least`, or there are more elements than allowed.
@discardableResult
func checkedCount(
  of shape: [Int], least: Int = 0, most: Int = Layout.maximumCount
) throws(ImportFailure) -> Int {
  var count = 1
  for extent in shape {
    let (product, overflow) = count.multipliedReportingOverflow(by: extent)
    guard extent >= least, !overflow, product <= most else {
      throw .refused(
        "expected extents of at least \(least) and at most \(most) elements, found shape \(shape)")
    }
    count = product
  }
  return count
}

/// An axis of a tensor of `rank` axes, counted from the beginning.
func normalizedAxis(_ axis: Int, rank: Int) throws(ImportFailure) -> Int {
  guard (-rank..<rank).contains(axis) else {
    throw .refused("expected an axis from \(-rank) to \(rank - 1), found \(axis)")
  }
  return axis < 0 ? axis + rank : axis
}

/// A shape that operators take: a single number is a vector of one.
func atLeastVector(_ shape: [Int]) -> [Int] { shape.isEmpty ? [1] : shape }
