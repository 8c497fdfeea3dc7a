import LinearAlgebra

/// The range that coordinates are kept in.
struct SearchDomain: Sendable {
  /// The range; everything if nil.
  let range: ClosedRange<Double>?

  init(_ range: ClosedRange<Double>?) {
    self.range = range
  }

  /// The nearest number in the range.
  func clamp(_ value: Double) -> Double {
    guard let range else { return value }
    return min(max(value, range.lowerBound), range.upperBound)
  }

  /// The neutral value of a coordinate: 0, or the number of the range that is nearest to 0.
  var rest: Double { clamp(0) }

  func clamp(_ x: Matrix<Double>) -> Matrix<Double> {
    guard range != nil else { return x }
    var clamped = x
    for index in clamped.elements.indices { clamped.elements[index] = clamp(clamped.elements[index]) }
    return clamped
  }

  func contains(_ x: [Double]) -> Bool {
    x.allSatisfy { clamp($0) == $0 }
  }
}
