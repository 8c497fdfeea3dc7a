/// How an axis of a tensor is resampled to another extent: where the elements of the value lie among those of the
/// input, and which of these determine each.
///
/// The methods and names are those of ONNX's `Resize`; `torch.nn.functional.interpolate` has three of them.
public struct Resampling: Sendable {
  /// How the value between elements is computed.
  public enum Mode: String, Sendable, CaseIterable {
    /// That of the nearest element.
    case nearest
    /// On the line between the two elements around it.
    case linear
    /// By Keys' cubic convolution (1981) of the four elements around it.
    case cubic
  }

  /// How the coordinates of both sides are aligned.
  public enum Coordinates: String, Sendable, CaseIterable {
    /// Elements are intervals, and the outer ends are aligned.
    case halfPixel = "half_pixel"
    /// The same, symmetric about the centre of an axis that the scale does not divide.
    case halfPixelSymmetric = "half_pixel_symmetric"
    /// The same, except that a single element lies at the beginning.
    case pytorchHalfPixel = "pytorch_half_pixel"
    /// The centres of the first elements are aligned, and those of the last.
    case alignCorners = "align_corners"
    /// The first elements are aligned.
    case asymmetric
  }

  /// Which element counts as the nearest.
  public enum Rounding: String, Sendable, CaseIterable {
    /// The nearest one, the first of two.
    case preferFloor = "round_prefer_floor"
    /// The nearest one, the second of two.
    case preferCeiling = "round_prefer_ceil"
    /// The one before.
    case floor
    /// The one after.
    case ceiling = "ceil"
  }

  private let mode: Mode
  private let coordinates: Coordinates
  private let rounding: Rounding
  private let cubic: Double
  private let excludesOutside: Bool
  private let isAntialiased: Bool

  /// A method of resampling.
  ///
  /// - Parameters:
  ///   - cubic: The parameter of the cubic kernel.
  ///   - excludesOutside: Whether elements beyond the ends have no weight; otherwise the last ones are repeated there.
  ///   - isAntialiased: Whether the kernel of a value that is smaller than the input is as wide as its elements are
  ///     there, so that all elements of the input have a weight.
  public init(
    _ mode: Mode, coordinates: Coordinates, rounding: Rounding = .floor, cubic: Double = -0.75,
    excludesOutside: Bool = false, isAntialiased: Bool = false
  ) {
    (self.mode, self.coordinates, self.rounding) = (mode, coordinates, rounding)
    (self.cubic, self.excludesOutside, self.isAntialiased) = (cubic, excludesOutside, isAntialiased)
  }

  /// Along an axis of `extent` elements: for each of the `target` elements of the value the positions that determine
  /// it, ascending, and their weights.
  ///
  /// - Parameter scale: The number of elements of the value for each one of the input; by default the exact quotient of
  ///   the extents, which floating point may not represent.
  public func weights(
    from extent: Int, to target: Int, scale: Double? = nil
  ) -> [[(place: Int, weight: Double)]] {
    (0..<target).map { output in
      let coordinate =
        scale.map { self.coordinate(of: output, extent: extent, target: target, scale: $0) }
        ?? self.coordinate(of: output, extent: extent, target: target)
      if mode == .nearest { return [(min(max(nearest(coordinate), 0), extent - 1), 1)] }
      let shrinking = min(scale ?? Double(target) / Double(extent), 1)
      return merged(
        isAntialiased && shrinking < 1
          ? weights(at: coordinate, extent: extent, shrinking: shrinking)
          : weights(at: coordinate, extent: extent))
    }
  }

  /// The position of an element of the value among those of the input.
  private func coordinate(of output: Int, extent: Int, target: Int, scale: Double) -> Double {
    let place = Double(output)
    switch coordinates {
    case .asymmetric: return place / scale
    // The last elements are aligned, wherever the scale would end.
    case .alignCorners: return self.coordinate(of: output, extent: extent, target: target)
    case .pytorchHalfPixel: return target > 1 ? (place + 0.5) / scale - 0.5 : 0
    case .halfPixelSymmetric:
      let adjustment = Double(target) / (scale * Double(extent))
      let center = Double(extent) / 2
      return center * (1 - adjustment) + (place + 0.5) / scale - 0.5
    case .halfPixel: return (place + 0.5) / scale - 0.5
    }
  }

  /// The same where the scale is the quotient of the extents, by one division of integers.
  private func coordinate(of output: Int, extent: Int, target: Int) -> Double {
    switch coordinates {
    case .asymmetric: Double(output * extent) / Double(target)
    case .alignCorners: target == 1 ? 0 : Double(output * (extent - 1)) / Double(target - 1)
    case .pytorchHalfPixel where target == 1: 0
    case .halfPixel, .halfPixelSymmetric, .pytorchHalfPixel:
      Double((2 * output + 1) * extent - target) / Double(2 * target)
    }
  }

  private func nearest(_ coordinate: Double) -> Int {
    switch rounding {
    case .floor: Int(coordinate.rounded(.down))
    case .ceiling: Int(coordinate.rounded(.up))
    case .preferCeiling: Int((coordinate + 0.5).rounded(.down))
    case .preferFloor: Int((coordinate - 0.5).rounded(.up))
    }
  }

  /// The elements that determine a position, and their weights; beyond the ends the last elements are repeated.
  private func weights(at coordinate: Double, extent: Int) -> [(place: Int, weight: Double)] {
    let first = Int(coordinate.rounded(.down))
    let ratio = coordinate - Double(first)
    var weights: [(place: Int, weight: Double)]
    if mode == .linear {
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

  /// The same by a kernel that is wider by the factor by which the axis shrinks.
  private func weights(
    at coordinate: Double, extent: Int, shrinking scale: Double
  ) -> [(place: Int, weight: Double)] {
    let reach = (mode == .linear ? 1 : 2) / scale
    let (first, last) = (Int((coordinate - reach).rounded(.down)), Int((coordinate + reach).rounded(.up)))
    var weights = (first...last).map { place in
      let distance = abs(Double(place) - coordinate) * scale
      return (place: place, weight: mode == .linear ? max(0, 1 - distance) : kernel(distance))
    }
    if excludesOutside { weights.removeAll { !(0..<extent).contains($0.place) } }
    let sum = weights.reduce(0) { $0 + $1.weight }
    return weights.map { (min(max($0.place, 0), extent - 1), $0.weight / sum) }
  }

  /// Each position once, with the sum of its weights, without those of weight 0.
  private func merged(_ weights: [(place: Int, weight: Double)]) -> [(place: Int, weight: Double)] {
    var merged: [(place: Int, weight: Double)] = []
    for (place, weight) in weights {
      if merged.last?.place == place {
        merged[merged.count - 1].weight += weight
      } else {
        merged.append((place, weight))
      }
    }
    return merged.filter { $0.weight != 0 }
  }

  /// Keys' cubic convolution kernel with the parameter `cubic`.
  private func kernel(_ t: Double) -> Double {
    if t <= 1 { return ((cubic + 2) * t - (cubic + 3)) * t * t + 1 }
    return t < 2 ? ((cubic * t - 5 * cubic) * t + 8 * cubic) * t - 4 * cubic : 0
  }
}
