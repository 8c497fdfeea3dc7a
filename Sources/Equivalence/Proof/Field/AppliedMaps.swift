import Operators

/// A cache of one model's linear map values. If the other model applies an equal map to equal values, the
/// sum is the same and is not computed again.
///
/// So two models with many layers in common cost little more than one.
final class AppliedMaps {
  fileprivate struct Application {
    let map: any LinearMap<Double>
    /// The parameter's elements if they were drawn; those of its numbers are not kept, since they are
    /// larger.
    let drawn: ParameterImages?
    let source: FieldValues
    let value: FieldValues
  }

  /// With fewer products, computing is as fast as a lookup.
  private static let fewestProducts = 1 << 14

  private var applications: [UInt64: [Application]] = [:]

  /// An empty cache.
  init() {}

  /// Adds a map's value at `source` to `target`, from the cache or computed now.
  ///
  /// - Throws: `FieldFailure.notFinite` as `LinearMapImage.add` does.
  func add(
    _ image: LinearMapImage, of source: FieldValues, to target: inout FieldValues
  ) throws(FieldFailure) {
    guard !source.hasSymbols, image.map.multiplications >= Self.fewestProducts else {
      return try image.add(of: source, to: &target)
    }
    let key = Self.key(image, source)
    if let known = applications[key]?.first(where: { $0.source == source && $0.isSameMap(as: image) }) {
      return try target.add(known.value, in: image.fields)
    }
    var value = FieldValues(zeros: target.count)
    try image.add(of: source, to: &value)
    applications[key, default: []].append(
      Application(map: image.map, drawn: image.drawnParameter, source: source, value: value))
    try target.add(value, in: image.fields)
  }

  /// A key that equal maps at equal values share, and others rarely do.
  private static func key(_ image: LinearMapImage, _ source: FieldValues) -> UInt64 {
    var key = UInt64(image.map.outputSize)
    for index in [0, source.count / 2, source.count - 1] where index >= 0 && index < source.count {
      key = key &* 0x9E37_79B9_7F4A_7C15 ^ source.components[index]
    }
    if let parameter = image.parameter, parameter.count > 0 {
      key = key &* 0x9E37_79B9_7F4A_7C15 ^ parameter.components[parameter.count / 2]
    }
    return key
  }
}

extension AppliedMaps.Application {
  /// Whether the other is the same operator with the same attributes and the same elements in all three fields.
  fileprivate func isSameMap(as image: LinearMapImage) -> Bool {
    let other = image.map
    guard let drawn else { return image.drawnParameter == nil && map.isIdentical(to: other) }
    return map.isSameOperator(as: other) && map.parameterShape == other.parameterShape
      && drawn.components == image.drawnParameter?.components
  }
}

extension LinearMapImage {
  /// The parameter's elements if they were drawn, not images of numbers.
  fileprivate var drawnParameter: ParameterImages? { parameter.flatMap { $0.numbers == nil ? $0 : nil } }
}
