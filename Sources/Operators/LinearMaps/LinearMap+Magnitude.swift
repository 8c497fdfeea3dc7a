import LinearAlgebra

extension LinearMap {
  /// `|A|`: the map whose entries are the magnitudes of this map's, for bounds of rounding errors.
  public var entrywiseMagnitude: any LinearMap<S> {
    let parameter = self.parameter.map { Tensor(shape: $0.shape, elements: magnitudes($0.elements)) }
    // The attributes that entries are multiplied by; all others determine the positions of entries.
    let attributes =
      self is Scale<S> || self is Multiply<S> ? self.attributes.mapValues(\.magnitude) : self.attributes
    if let map = try? Self(inputShape: inputShape, parameter: parameter, attributes: attributes) {
      return map
    }
    var matrix = self.matrix
    matrix.elements = magnitudes(matrix.elements)
    return DenseMap(matrix)
  }
}

extension Constant {
  /// The constant with the magnitudes of its numbers.
  fileprivate var magnitude: Constant {
    switch self {
    case .number(let value): .number(abs(value))
    case .numbers(let values): .numbers(values.map { abs($0) })
    default: self
    }
  }
}

/// The magnitudes of the elements.
@specialized(where S == Double)
@specialized(where S == Float)
public func magnitudes<S: Scalar>(_ elements: [S]) -> [S] {
  elements.map { abs($0) }
}
