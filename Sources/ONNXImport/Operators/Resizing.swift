import LinearAlgebra
import Operators

extension OperatorTable {
  /// Tensors of other extents, their elements interpolated.
  static let resizing: [String: OperatorHandler] = [
    "Upsample": .variable(["mode", "scales"]) { node throws(ImportFailure) in try node.upsample() },
    "Resize": .variable([
      "antialias", "axes", "coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside",
      "extrapolation_value", "keep_aspect_ratio_policy", "mode", "nearest_mode",
    ]) { node throws(ImportFailure) in try node.resize() },
  ]
}

/// How an axis is resized.
private struct AxisResize {
  let extent: Int
  let target: Int
  let scale: Double

  /// Where an output's element lies among the input's.
  func coordinate(_ output: Int, _ mode: String) -> Double {
    let place = Double(output)
    let length = scale * Double(extent)
    switch mode {
    case "asymmetric": return place / scale
    case "align_corners":
      return length == 1 ? 0 : place * Double(extent - 1) / (length - 1)
    case "pytorch_half_pixel": return target > 1 ? (place + 0.5) / scale - 0.5 : -0.5
    case "half_pixel_symmetric":
      let adjustment = Double(target) / length
      let center = Double(extent) / 2
      return center * (1 - adjustment) + (place + 0.5) / scale - 0.5
    default: return (place + 0.5) / scale - 0.5
    }
  }
}

extension NodeImport {
  /// The operator of opset 7 to 9: the element at ⌊place / scale⌋.
  fileprivate func upsample() throws(ImportFailure) -> Variable {
    let variable = try variable(0)
    guard let scales = try numbers("scales", orInput: 1) else {
      throw .refused("expected scales, found none")
    }
    let mode = try word("mode", of: ["nearest", "linear"]) ?? "nearest"
    let axes = Array(variable.layout.shape.indices)
    return try resized(
      variable, scales: scales, sizes: nil, axes: axes,
      Interpolation(
        mode: mode, coordinates: "asymmetric", rounding: "floor", cubic: -0.75, excludesOutside: false))
  }

  fileprivate func resize() throws(ImportFailure) -> Variable {
    let variable = try variable(0)
    let rank = variable.layout.shape.count
    guard try integer("antialias") ?? 0 == 0 else { throw .refused("antialias: expected 0, found 1") }
    _ = try word("keep_aspect_ratio_policy", of: ["stretch"])
    let mode = try word("mode", of: ["nearest", "linear", "cubic"]) ?? "nearest"
    let modes = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"]
    let coordinates =
      opset < 11 ? "asymmetric" : try word("coordinate_transformation_mode", of: modes) ?? "half_pixel"
    let roundings = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]
    let rounding = opset < 11 ? "floor" : try word("nearest_mode", of: roundings) ?? "round_prefer_floor"
    let interpolation = Interpolation(
      mode: mode, coordinates: coordinates, rounding: rounding, cubic: try number("cubic_coeff_a") ?? -0.75,
      excludesOutside: try integer("exclude_outside") ?? 0 != 0)
    // Before opset 11 the second input is the scales; since then it is a region that no supported mode reads.
    var scales = try constantNumbers(opset < 11 ? 1 : 2, "scales")
    if scales?.isEmpty == true { scales = nil }
    return try resized(
      variable, scales: scales, sizes: opset < 11 ? nil : constantIntegers(3, "sizes"),
      axes: integers("axes") ?? Array(0..<rank), interpolation)
  }

  private func resized(
    _ variable: Variable, scales: [Double]?, sizes: [Int]?, axes: [Int], _ interpolation: Interpolation
  ) throws(ImportFailure) -> Variable {
    guard (scales == nil) != (sizes == nil), scales?.count ?? axes.count == axes.count,
      sizes?.count ?? axes.count == axes.count
    else { throw .refused("expected either scales or sizes, one for each axis") }
    var value = Value.variable(variable)
    var isSame = true
    for (position, given) in axes.enumerated() {
      let axis = try normalizedAxis(given, rank: value.shape.count)
      let extent = value.shape[axis]
      let scale = scales?[position] ?? Double(sizes![position]) / Double(extent)
      let length = (scale * Double(extent)).rounded(.down)
      guard length >= 1, length <= Double(Layout.maximumCount) else {
        throw .refused("expected scales that leave at least one element, found \(scale)")
      }
      let resize = AxisResize(extent: extent, target: sizes?[position] ?? Int(length), scale: scale)
      var shape = value.shape
      shape[axis] = resize.target
      try checkedCount(of: shape, least: 1)
      if resize.target == extent, scale == 1 { continue }
      isSame = false
      value = try self.resized(value, axis: axis, resize, interpolation, suffix: "axis\(axis)")
    }
    let result = try self.variable(value)
    // The last block bears the axis in its name; the node's own name stands for the result.
    return isSame ? result : try affine(port(result), result.layout)
  }

  private func resized(
    _ value: Value, axis: Int, _ resize: AxisResize, _ interpolation: Interpolation, suffix: String
  ) throws(ImportFailure) -> Value {
    if interpolation.mode == "nearest" {
      let index = (0..<resize.target).map { output in
        min(
          max(interpolation.nearest(resize.coordinate(output, interpolation.coordinates)), 0),
          resize.extent - 1)
      }
      return try selected(value, axis: axis, index, suffix: suffix)
    }
    // A matrix of constants along the axis.
    try checkedCount(of: [resize.target, resize.extent])
    var matrix = Matrix<Double>(rows: resize.target, columns: resize.extent)
    for output in 0..<resize.target {
      for (place, weight) in interpolation.weights(
        at: resize.coordinate(output, interpolation.coordinates), extent: resize.extent)
      {
        matrix[output, place] += weight
      }
    }
    let variable = try variable(value)
    let dim = try variable.layout.sampleAxis(axis, to: "resizes")
    let map = try linearMap(
      "linear", from: variable.layout.sampleShape, ["dim": .integers([dim])], weight: Tensor(matrix))
    var shape = variable.layout.shape
    shape[axis] = resize.target
    return .variable(
      try mapped(variable, by: map, suffix: suffix, to: variable.layout.replacing(shape)))
  }
}

/// How a place between elements gets its value.
private struct Interpolation {
  let mode: String
  let coordinates: String
  let rounding: String
  let cubic: Double
  let excludesOutside: Bool

  func nearest(_ coordinate: Double) -> Int {
    switch rounding {
    case "floor": Int(coordinate.rounded(.down))
    case "ceil": Int(coordinate.rounded(.up))
    case "round_prefer_ceil": Int((coordinate + 0.5).rounded(.down))
    default: Int((coordinate - 0.5).rounded(.up))
    }
  }

  /// The elements that a place is made of, and their weights; beyond the ends the last elements are repeated.
  func weights(at coordinate: Double, extent: Int) -> [(place: Int, weight: Double)] {
    let first = Int(coordinate.rounded(.down))
    let ratio = coordinate - Double(first)
    var weights: [(place: Int, weight: Double)]
    if mode == "linear" {
      weights = [(first, 1 - ratio), (first + 1, ratio)]
    } else {
      weights = (-1...2).map { (first + $0, kernel(abs(Double($0) - ratio))) }
    }
    if excludesOutside {
      weights.removeAll { !(0..<extent).contains($0.place) }
      let sum = weights.reduce(0) { $0 + $1.weight }
      weights = weights.map { ($0.place, $0.weight / sum) }
    }
    return weights.map { (min(max($0.place, 0), extent - 1), $0.weight) }
  }

  /// Keys' cubic convolution kernel (1981) with the parameter `cubic`.
  private func kernel(_ t: Double) -> Double {
    if t <= 1 { return ((cubic + 2) * t - (cubic + 3)) * t * t + 1 }
    return t < 2 ? ((cubic * t - 5 * cubic) * t + 8 * cubic) * t - 4 * cubic : 0
  }
}
