import LinearAlgebra
import Operators

extension OperatorTable {
  /// Images sampled at constant places.
  static let imageSampling: [String: OperatorHandler] = [
    "GridSample": .variable(["align_corners", "mode", "padding_mode"]) { node throws(ImportFailure) in
      try node.gridSample()
    },
    "RoiAlign": .variable([
      "coordinate_transformation_mode", "mode", "output_height", "output_width", "sampling_ratio",
      "spatial_scale",
    ]) { node throws(ImportFailure) in try node.alignedRegions() },
  ]
}

/// How an axis of an image is sampled at a place, −1 and 1 of which are its ends.
private struct GridAxis {
  enum Mode { case nearest, linear, cubic }
  enum Padding { case zeros, border, reflection }

  let extent: Int
  let mode: Mode
  let padding: Padding
  let alignsCorners: Bool

  private var ends: (Double, Double) {
    alignsCorners ? (0, Double(extent) - 1) : (-0.5, Double(extent) - 0.5)
  }

  /// The elements that determine a value at a place, and their weights.
  ///
  /// The nearest element is found in single precision, as by a runtime, so that it is the same.
  func places(at normal: Double) -> WeightedPlaces {
    var place =
      mode == .nearest
      ? Double(position(of: Float(normal)).rounded(.toNearestOrEven)) : position(of: normal)
    // Around a cubic's place each element is put into the image by itself, as in PyTorch.
    if mode != .cubic, place < ends.0 || place > ends.1 {
      if padding == .border { place = min(max(place, 0), Double(extent) - 1) }
      if padding == .reflection { place = reflected(place) }
    }
    let first = place.rounded(.down)
    let ratio = place - first
    let weights: WeightedPlaces =
      switch mode {
      case .nearest: [(0, 1)]
      case .linear: [(0, 1 - ratio), (1, ratio)]
      case .cubic: (-1...2).map { ($0, Self.kernel(abs(Double($0) - ratio))) }
      }
    return weights.compactMap { step, weight in
      element(first + Double(step)).map { ($0, weight) }
    }
  }

  /// The place among the elements of one between −1 and 1.
  private func position<Number: BinaryFloatingPoint>(of normal: Number) -> Number {
    let length = Number(extent)
    return alignsCorners ? (normal + 1) / 2 * (length - 1) : ((normal + 1) * length - 1) / 2
  }

  /// The element at a whole place; nil where there is none, which counts as 0.
  private func element(_ place: Double) -> Int? {
    let last = Double(extent) - 1
    switch padding {
    case .zeros: return (0...last).contains(place) ? Int(place) : nil
    case .border: return Int(min(max(place, 0), last))
    // Towards zero, as an index is made of a number.
    case .reflection: return Int(min(max(reflected(place), 0), last))
    }
  }

  /// A place mirrored at the ends until it is between them.
  private func reflected(_ place: Double) -> Double {
    let (low, high) = ends
    let range = high - low
    guard range > 0 else { return low }
    func folded(_ distance: Double, _ near: Double, _ sign: Double) -> Double {
      let turns = (distance / range).rounded(.towardZero)
      let rest = distance - turns * range
      let isEven = turns.truncatingRemainder(dividingBy: 2) == 0
      return isEven ? near + sign * rest : near + sign * (range - rest)
    }
    if place < low { return folded(low - place, low, 1) }
    if place > high { return folded(place - high, high, -1) }
    return place
  }

  /// Keys' cubic convolution kernel with the parameter −0.75.
  private static func kernel(_ t: Double) -> Double {
    let a = -0.75
    if t <= 1 { return ((a + 2) * t - (a + 3)) * t * t + 1 }
    return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0
  }
}

extension NodeImport {
  /// Places farther away than this have no element in single precision that they are next to.
  private static let farthest = 1e6

  /// Images at the places of a constant grid: a linear map.
  fileprivate func gridSample() throws(ImportFailure) -> Variable {
    let image = try variable(0)
    let shape = image.layout.shape
    guard case .numbers(let grid) = try input(1) else {
      throw .refused("expected a constant grid, found a computed one")
    }
    let rank = shape.count - 2
    guard rank >= 1, rank <= 3, grid.shape.count == rank + 2, grid.shape.last == rank,
      grid.shape.dropFirst().allSatisfy({ $0 >= 1 })
    else { throw .refused("expected a grid for images of shape \(shape), found shape \(grid.shape)") }
    guard grid.shape[0] == shape[0] else {
      guard image.layout.batchAxis != 0 else {
        throw .mixesBatch("has a grid for a batch of \(grid.shape[0])")
      }
      throw .refused("expected grids for \(shape[0]) images, found shape \(grid.shape)")
    }
    let elements = grid.elements
    guard elements.allSatisfy({ abs($0) < Self.farthest }) else {
      throw .refused("expected a grid of numbers below \(Int(Self.farthest)), found others")
    }
    let count = elements.count / shape[0]
    let isShared = (1..<max(1, shape[0])).allSatisfy { number in
      (0..<count).allSatisfy { elements[number * count + $0] == elements[$0] }
    }
    let axes = try gridAxes(Array(shape.dropFirst(2)))
    let flat = try variable(
      reshaped(.variable(image), to: Array(image.layout.extents.prefix(2)) + [BatchInteger(axes.count)]))
    let result =
      isShared
      ? try sums(of: flat, axis: 2, rows(elements.prefix(count), axes.axes), suffix: "sampled")
      : try sampledApart(flat, elements, axes.axes)
    let target =
      Array(result.layout.extents.prefix(2)) + grid.shape.dropFirst().dropLast().map { BatchInteger($0) }
    let sampled = try variable(reshaped(.variable(result), to: target))
    return try affine(port(sampled), sampled.layout)
  }

  /// Images that have a grid each.
  private func sampledApart(
    _ flat: Variable, _ elements: [Double], _ axes: [GridAxis]
  ) throws(ImportFailure) -> Variable {
    guard flat.layout.batch == nil else { throw .mixesBatch("has other grids for each sample") }
    let count = elements.count / flat.layout.shape[0]
    var parts: [Value] = []
    for number in 0..<flat.layout.shape[0] {
      let single = try variable(
        selected(.variable(flat), axis: 0, [number], suffix: "\(number)/image"))
      let part = elements[number * count..<(number + 1) * count]
      parts.append(.variable(try sums(of: single, axis: 2, rows(part, axes), suffix: "\(number)/sampled")))
    }
    return try variable(call("Concat", parts, ["axis": .integer(0)], named: "\(name)/images"))
  }

  private func gridAxes(_ extents: [Int]) throws(ImportFailure) -> (axes: [GridAxis], count: Int) {
    let mode = try word("mode", of: ["bilinear", "linear", "nearest", "bicubic", "cubic"]) ?? "linear"
    let padding = try word("padding_mode", of: ["zeros", "border", "reflection"]) ?? "zeros"
    let alignsCorners = try integer("align_corners") ?? 0 != 0
    let axes = extents.map { extent in
      GridAxis(
        extent: extent, mode: mode == "nearest" ? .nearest : mode.hasSuffix("linear") ? .linear : .cubic,
        padding: padding == "zeros" ? .zeros : padding == "border" ? .border : .reflection,
        alignsCorners: alignsCorners)
    }
    return (axes, try checkedCount(of: extents, least: 1))
  }

  /// The weights of each place of a grid, whose coordinates are those of the last axis first.
  private func rows(
    _ grid: ArraySlice<Double>, _ axes: [GridAxis]
  ) throws(ImportFailure) -> [WeightedPlaces] {
    let grid = Array(grid)
    let steps = strides(of: axes.map(\.extent))
    try ImportLimits.charge(checkedCount(of: [grid.count, 64]))
    return (0..<grid.count / axes.count).map { number in
      var weights: WeightedPlaces = [(0, 1)]
      for (dimension, axis) in axes.enumerated() {
        let own = axis.places(at: grid[number * axes.count + axes.count - 1 - dimension])
        weights = weights.flatMap { sum in
          own.map { (sum.place + $0.place * steps[dimension], sum.weight * $0.weight) }
        }
      }
      return weights
    }
  }
}
