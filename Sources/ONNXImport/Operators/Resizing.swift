import LinearAlgebra
import Operators

extension OperatorTable {
  /// Tensors resized by interpolation.
  static let resizing: [String: OperatorHandler] = [
    "Upsample": .variable(["mode", "scales"]) { node throws(ImportFailure) in try node.upsample() },
    "Resize": .variable([
      "antialias", "axes", "coordinate_transformation_mode", "cubic_coeff_a", "exclude_outside",
      "extrapolation_value", "keep_aspect_ratio_policy", "mode", "nearest_mode",
    ]) { node throws(ImportFailure) in try node.resize() },
  ]
}

/// The extent of an axis, the one that it is given, and how many elements of that there are to one of the first.
private struct AxisResize {
  let extent: Int
  let target: Int
  let scale: Double

  /// The resize of an axis to a size, or by a scale.
  ///
  /// - Parameter keepsRatio: Whether the scale is that of other axes too, for which the size is given.
  init(_ extent: Int, scale: Double?, size: Int?, keepsRatio: Bool) throws(ImportFailure) {
    let factor = scale ?? size.map { Double($0) / Double(extent) } ?? 1
    let length =
      if keepsRatio {
        (factor * Double(extent) + 0.5).rounded(.down)
      } else if let size {
        Double(size)
      } else {
        // In float32, as ONNX's shape inference and ONNX Runtime multiply: float32's 0.7, which is less, times 10 is 7.
        Double((Float(factor) * Float(extent)).rounded(.down))
      }
    let found = size.map { "a size of \($0)" } ?? "a scale of \(factor)"
    guard length >= 1 else {
      throw .refused("expected at least one element of an axis of \(extent), found \(found)")
    }
    guard length <= Double(TensorSize.maximum) else {
      throw .refused(
        "expected at most \(TensorSize.maximum) elements of an axis of \(extent), found \(found)")
    }
    (self.extent, target, self.scale) = (extent, Int(length), factor)
  }
}

extension NodeImport {
  /// The operator of opset 7 to 9: the element at ⌊index / scale⌋.
  fileprivate func upsample() throws(ImportFailure) -> Variable {
    let variable = try variable(0)
    guard let scales = try numbers("scales", orInput: 1) else {
      throw .refused("expected scales, found none")
    }
    let mode = try word("mode", of: ["nearest", "linear"]).flatMap(Resampling.Mode.init) ?? .nearest
    let axes = Array(variable.layout.shape.indices)
    return try resized(
      variable, scales: scales, sizes: nil, axes: axes,
      mode, Resampling(mode, coordinates: .asymmetric))
  }

  fileprivate func resize() throws(ImportFailure) -> Variable {
    let variable = try variable(0)
    let rank = variable.layout.shape.count
    let mode = try choice("mode", Resampling.Mode.self) ?? .nearest
    let coordinates =
      opset < 11
      ? .asymmetric
      : try choice("coordinate_transformation_mode", Resampling.Coordinates.self) ?? .halfPixel
    let rounding = opset < 11 ? .floor : try choice("nearest_mode", Resampling.Rounding.self) ?? .preferFloor
    let resampling = Resampling(
      mode, coordinates: coordinates, rounding: rounding, cubic: try number("cubic_coeff_a") ?? -0.75,
      excludesOutside: try integer("exclude_outside") ?? 0 != 0,
      isAntialiased: try integer("antialias") ?? 0 != 0)
    // Before opset 11 the second input is the scales; later it is a region that no supported mode reads.
    var scales = try constantNumbers(opset < 11 ? 1 : 2, "scales")
    if scales?.isEmpty == true { scales = nil }
    let axes = try integers("axes") ?? Array(0..<rank)
    let sizes = opset < 11 ? nil : try sizes(of: variable)
    return try resized(
      variable, scales: scales, sizes: sizes, axes: axes,
      commonScale: commonScale(of: variable, axes, sizes), mode, resampling)
  }

  /// The scale of all axes where their ratio is kept; nil where each has its own.
  private func commonScale(
    of variable: Variable, _ axes: [Int], _ sizes: [Int]?
  ) throws(ImportFailure) -> Double? {
    let policy = try word("keep_aspect_ratio_policy", of: ["stretch", "not_larger", "not_smaller"])
    guard let sizes, let policy, policy != "stretch" else { return nil }
    var scales: [Double] = []
    for (axis, size) in zip(axes, sizes) {
      scales.append(Double(size) / Double(variable.layout.shape[try variable.layout.axis(axis)]))
    }
    return policy == "not_larger" ? scales.min() : scales.max()
  }

  /// The extents that the node gives; one that contains the extent of the batch must be that of the batch axis.
  private func sizes(of variable: Variable) throws(ImportFailure) -> [Int]? {
    guard let symbols = try symbols(3, "sizes") else { return nil }
    let axes = try integers("axes") ?? Array(variable.layout.shape.indices)
    guard symbols.known == nil, axes.count == symbols.count else { return try constantIntegers(3, "sizes") }
    var sizes: [Int] = []
    for (given, size) in zip(axes, symbols) {
      let axis = try variable.layout.axis(given)
      guard
        let known = size.known ?? (size == variable.layout.extents[axis] ? variable.layout.shape[axis] : nil)
      else { throw .mixesBatch("resizes the batch axis") }
      sizes.append(known)
    }
    return sizes
  }

  /// The attribute that is one of an enumeration's words.
  private func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ type: Choice.Type
  ) throws(ImportFailure) -> Choice? {
    try word(name, of: type.allCases.map(\.rawValue)).flatMap(Choice.init)
  }

  private func resized(
    _ variable: Variable, scales: [Double]?, sizes: [Int]?, axes: [Int], commonScale: Double? = nil,
    _ mode: Resampling.Mode, _ resampling: Resampling
  ) throws(ImportFailure) -> Variable {
    guard (scales == nil) != (sizes == nil) else {
      throw .refused("expected either scales or sizes, found \(scales == nil ? "neither" : "both")")
    }
    let count = scales?.count ?? sizes?.count ?? 0
    guard count == axes.count else {
      throw .refused(
        "expected a \(scales == nil ? "size" : "scale") of each of the axes \(axes), found \(count)")
    }
    var value = Value.variable(variable)
    var isSame = true
    for (position, given) in axes.enumerated() {
      let axis = try normalizedAxis(given, rank: value.shape.count)
      let resize = try AxisResize(
        value.shape[axis], scale: commonScale ?? scales?[position], size: sizes?[position],
        keepsRatio: commonScale != nil)
      var shape = value.shape
      shape[axis] = resize.target
      try checkedCount(of: shape, least: 1)
      if resize.target == resize.extent, resize.scale == 1 { continue }
      isSame = false
      value = try self.resized(value, axis: axis, resize, mode, resampling, suffix: "axis\(axis)")
    }
    let result = try self.variable(value)
    // The last block has the axis in its name; the node's own name is for the result.
    return isSame ? result : try affine(port(result), result.layout)
  }

  private func resized(
    _ value: Value, axis: Int, _ resize: AxisResize, _ mode: Resampling.Mode, _ resampling: Resampling,
    suffix: String
  ) throws(ImportFailure) -> Value {
    if mode == .nearest {
      let index = resampling.weights(from: resize.extent, to: resize.target, scale: resize.scale).map {
        $0[0].place
      }
      return try selected(value, axis: axis, index, suffix: suffix)
    }
    // A matrix of constants along the axis.
    try checkedCount(of: [resize.target, resize.extent])
    var matrix = Matrix<Double>(rows: resize.target, columns: resize.extent)
    let rows = resampling.weights(from: resize.extent, to: resize.target, scale: resize.scale)
    for (output, weights) in rows.enumerated() {
      for (place, weight) in weights { matrix[output, place] = weight }
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
