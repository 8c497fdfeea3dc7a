import Blocks
import LinearAlgebra
import Operators

/// How large the rational functions can be that the coordinates of a block are, in what is drawn at random: what the bound of
/// a proof's error is made of.
///
/// They have a common denominator. Coefficients are multiples of 2^`low` but for what odd numbers divide, which counts as if
/// it were a power of two, and the sum of their magnitudes is at most 2^`high`.
struct FieldComplexity: Sendable {
  /// The degree of the numerators.
  var degree = 1.0
  /// The degree of the denominator.
  var denominatorDegree = 0.0
  /// The binary logarithm of what all coefficients are multiples of.
  var low = 0.0
  /// The binary logarithm of the sum of their magnitudes.
  var high = 0.0
  /// The bits of the denominator's coefficients.
  var denominatorBits = 0.0

  /// A random number.
  static let fresh = FieldComplexity()

  /// The bits of a coefficient of the difference of two such functions.
  var bits: Double { 2 * (max(0, high - low) + denominatorBits + 1) }

  /// The degree of the numerator of such a difference.
  var differenceDegree: Double { degree + denominatorDegree }

  /// The larger of both in every respect.
  func union(_ other: FieldComplexity) -> FieldComplexity {
    FieldComplexity(
      degree: max(degree, other.degree), denominatorDegree: max(denominatorDegree, other.denominatorDegree),
      low: min(low, other.low), high: max(high, other.high),
      denominatorBits: max(denominatorBits, other.denominatorBits))
  }

  /// The value of a linear map.
  fileprivate func mapped(by map: any LinearMap<Double>, randomParameter: Bool) -> FieldComplexity {
    var value = self
    let interpolation = map as? Interpolate<Double>
    var range = exponents(of: interpolation?.weights ?? map.attributes.flatMap(\.value.numbers))
    if randomParameter {
      value.degree += 1
    } else if let numbers = map.parameter?.elements {
      let own = exponents(of: numbers)
      range = (range.low + own.low, range.high + own.high)
    }
    value.low += range.low - map.divisorBits
    value.high += range.high + binaryLogarithm(map.inputSize)
    return value
  }

  /// The sum of some values; those of one source have one denominator.
  fileprivate static func sum(_ parts: [(source: Source?, value: FieldComplexity)]) -> FieldComplexity {
    var denominators: [Source: FieldComplexity] = [:]
    for (source, value) in parts { if let source { denominators[source] = value } }
    let degree = denominators.values.reduce(0) { $0 + $1.denominatorDegree }
    let bits = denominators.values.reduce(0) { $0 + $1.denominatorBits }
    var sum = FieldComplexity(
      degree: 0, denominatorDegree: degree, low: 0, high: 0, denominatorBits: bits)
    for (_, value) in parts {
      sum.degree = max(sum.degree, value.degree + degree - value.denominatorDegree)
      sum.low = min(sum.low, value.low)
      sum.high = max(sum.high, value.high + bits - value.denominatorBits)
    }
    sum.high += binaryLogarithm(parts.count)
    return sum
  }

  /// The value of a block, given those of what it reads.
  init(
    of block: Block<Double>, parameters: Set<String>, reading source: (Source) -> FieldComplexity
  ) {
    let ports = block.portSizes.indices.map { port in
      var parts: [(source: Source?, value: FieldComplexity)] = []
      for term in block.terms where term.port == port {
        let isRandom = term.parameter.map(parameters.contains) ?? false
        parts.append((term.source, source(term.source).mapped(by: term.map, randomParameter: isRandom)))
      }
      for offset in block.offsets where offset.port == port {
        parts.append(
          (nil, FieldComplexity(of: offset, isRandom: offset.parameter.map(parameters.contains) ?? false)))
      }
      return Self.sum(parts)
    }
    self = block.nonlinearity.growth(block.portShapes).value(at: ports)
  }

  /// The sums of the entries of a row of some blocks' terms.
  init(ofEntries blocks: [Block<Double>], parameters: Set<String>) {
    self = blocks.flatMap(\.terms).reduce(FieldComplexity(degree: 0)) { sum, term in
      let isRandom = term.parameter.map(parameters.contains) ?? false
      return sum.union(FieldComplexity(degree: 0).mapped(by: term.map, randomParameter: isRandom))
    }
    high += binaryLogarithm(1 + (blocks.map(\.terms.count).max() ?? 0))
  }

  /// The solution of linear equations in so many unknowns with these entries, this being the right-hand sides: by Cramer's
  /// rule a quotient of determinants, whose coefficients are integers once they are multiplied by a power of two.
  func solved(_ unknowns: Int, entries: FieldComplexity) -> FieldComplexity {
    let order = Double(unknowns)
    var solution = self
    solution.degree += order * entries.degree
    solution.denominatorDegree += order * entries.degree
    solution.high += order * (entries.high - entries.low) + binaryLogarithm(unknowns)
    solution.denominatorBits += order * (entries.high - entries.low)
    return solution
  }

  /// A constant summand.
  private init(of offset: Offset<Double>, isRandom: Bool) {
    let range = isRandom ? (low: 0, high: 0) : exponents(of: offset.tensor.elements)
    self.init(degree: isRandom ? 1 : 0, low: range.low, high: range.high)
    if let map = offset.map { self = mapped(by: map, randomParameter: false) }
  }

  /// A complexity of these parts.
  init(
    degree: Double = 1, denominatorDegree: Double = 0, low: Double = 0, high: Double = 0,
    denominatorBits: Double = 0
  ) {
    self.degree = degree
    self.denominatorDegree = denominatorDegree
    self.low = low
    self.high = high
    self.denominatorBits = denominatorBits
  }
}

/// The exponents of the last bit and of the first bit of some numbers, no less wide than those of 1.
func exponents(of numbers: [Double]) -> (low: Double, high: Double) {
  var (low, high) = (0, 0)
  for number in numbers where number != 0 && number.isFinite {
    let trailing = number.significandBitPattern.trailingZeroBitCount
    low = min(low, Int(number.exponent) - (number.significandBitPattern == 0 ? 0 : 52 - min(52, trailing)))
    high = max(high, Int(number.exponent) + 1)
  }
  return (Double(low), Double(high))
}

/// The binary logarithm of a count, rounded up.
func binaryLogarithm(_ count: Int) -> Double {
  Double(Int.bitWidth - max(0, count - 1).leadingZeroBitCount)
}

extension Constant {
  /// The numbers of a constant that is one or several.
  var numbers: [Double] {
    switch self {
    case .number(let number): [number]
    case .numbers(let numbers): numbers
    default: []
    }
  }
}

extension LinearMap<Double> {
  /// The bits of a common multiple of all that entries are divided by.
  fileprivate var divisorBits: Double {
    if self is Mean<Double> { return binaryLogarithm(inputSize / outputSize) }
    guard let kernel = (self as? AveragePooling<Double>)?.kernelSize else { return 0 }
    // The least common multiple of 1 … n is below 3ⁿ (Hanson 1972).
    let extents = kernel.count == 1 ? [Int](repeating: kernel[0], count: inputShape.count - 1) : kernel
    return 1.6 * Double(extents.reduce(1, *))
  }
}
