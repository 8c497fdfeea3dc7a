import LinearAlgebra
import Operators

/// Random weights and inputs that are multiples of 2⁻¹⁰ and small: single precision and decimal texts hold them exactly,
/// and no function of a mathematics library is needed to draw them.
struct DyadicDraws {
  var generator: SeededGenerator
  static let unit = 0x1p-10

  /// The multiple of the unit next to a number, towards zero.
  static func truncated(_ value: Double) -> Double { (value / unit).rounded(.towardZero) * unit }

  mutating func numbers(_ count: Int, within bound: Double) -> [Double] {
    (0..<count).map { _ in Self.truncated(bound * (2 * generator.uniform() - 1)) }
  }

  /// A weight whose outputs sum `inputs` numbers and have about their size.
  mutating func weight(_ shape: [Int], inputs: Int) -> Tensor<Double> {
    let bound = (3 / Double(inputs)).squareRoot()
    return Tensor(shape: shape, elements: numbers(shape.reduce(1, *), within: bound))
  }

  /// Numbers within a bound.
  mutating func tensor(_ shape: [Int], within bound: Double = 0.5) -> Tensor<Double> {
    Tensor(shape: shape, elements: numbers(shape.reduce(1, *), within: bound))
  }

  mutating func element<T>(of elements: [T]) -> T {
    elements[Int.random(in: 0..<elements.count, using: &generator)]
  }
}

extension LinearMap<Double> {
  /// The map with its parameter scaled down so that no row's magnitudes sum to more than `bound`.
  func scaled(rowSumsTo bound: Double) -> Self {
    let largest =
      (0..<outputSize).map { row in
        var sum = 0.0
        forEachEntry(inRow: row) { _, value in sum += abs(value) }
        return sum
      }.max() ?? 0
    guard largest > bound, var tensor = parameter else { return self }
    for index in tensor.elements.indices {
      tensor.elements[index] = DyadicDraws.truncated(tensor.elements[index] * (bound / largest))
    }
    // The shapes are those of a valid map.
    return try! Self(inputShape: inputShape, parameter: tensor, attributes: attributes)
  }
}
