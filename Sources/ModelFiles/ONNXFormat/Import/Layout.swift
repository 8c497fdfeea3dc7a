/// The shape of a value as the graph has it, and which of its axes is the batch.
///
/// A model knows samples only: what it holds of a value is its shape without the batch axis. A value without a batch axis
/// is the same for every sample, or the graph as a whole is one sample.
struct Layout: Equatable {
  /// The extent of every axis, the batch's too.
  var shape: [Int]
  /// The position of the batch axis.
  var batchAxis: Int?

  /// The largest number of elements that a value may have.
  static let maximumCount = 1 << 26

  /// The layout of this shape.
  ///
  /// - Throws: Where an extent is not positive, or there are too many elements.
  init(_ shape: [Int], batchAxis: Int?) throws(ImportFailure) {
    self.shape = shape
    self.batchAxis = batchAxis
    _ = try checkedCount(of: shape, least: 1)
  }

  /// The shape of one sample.
  var sampleShape: [Int] {
    var shape = shape
    if let batchAxis { shape.remove(at: batchAxis) }
    return shape
  }

  /// How many axes stand behind the batch axis.
  var axesBehindBatch: Int? { batchAxis.map { shape.count - 1 - $0 } }

  /// The axis of a sample that an axis of the shape is, counted from the end where it is negative.
  ///
  /// - Throws: `mixesBatch` where it is the batch axis.
  func sampleAxis(_ axis: Int, to verb: String) throws(ImportFailure) -> Int {
    let axis = try self.axis(axis)
    guard axis != batchAxis else { throw .mixesBatch("\(verb) the batch axis") }
    return axis - (batchAxis.map { $0 < axis } == true ? 1 : 0)
  }

  /// An axis, counted from the beginning.
  func axis(_ axis: Int) throws(ImportFailure) -> Int { try normalizedAxis(axis, rank: shape.count) }

  /// The layout of values whose samples have this shape, the batch axis where it is here.
  ///
  /// - Precondition: The samples have as many axes as here, or the batch axis leads.
  func with(sampleShape: [Int]) throws(ImportFailure) -> Layout {
    guard let batchAxis else { return try Layout(sampleShape, batchAxis: nil) }
    var shape = sampleShape
    shape.insert(self.shape[batchAxis], at: batchAxis)
    return try Layout(shape, batchAxis: batchAxis)
  }

  /// The layout of several values broadcast against each other as NumPy does.
  ///
  /// - Throws: `mixesBatch` where one's batch axis lies along an axis of another that is none.
  static func broadcast(_ layouts: [Layout]) throws(ImportFailure) -> Layout {
    let behind = Set(layouts.compactMap(\.axesBehindBatch))
    guard behind.count <= 1 else { throw .mixesBatch("broadcasts two batch axes against each other") }
    let shape = try broadcastShape(layouts.map(\.shape))
    guard let behind = behind.first else { return try Layout(shape, batchAxis: nil) }
    let batchAxis = shape.count - 1 - behind
    for layout in layouts where layout.batchAxis == nil && layout.shape.count > behind {
      guard layout.shape[layout.shape.count - 1 - behind] == 1 else {
        throw .mixesBatch("broadcasts the batch axis against another")
      }
    }
    return try Layout(shape, batchAxis: batchAxis)
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
/// - Throws: Where an extent is below `least`, or there are more elements than a value may have.
@discardableResult
func checkedCount(of shape: [Int], least: Int = 0) throws(ImportFailure) -> Int {
  var count = 1
  for extent in shape {
    let (product, overflow) = count.multipliedReportingOverflow(by: extent)
    guard extent >= least, !overflow, product <= Layout.maximumCount else {
      throw .refused(
        "expected extents of at least \(least) and at most \(Layout.maximumCount) elements, found shape \(shape)"
      )
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
