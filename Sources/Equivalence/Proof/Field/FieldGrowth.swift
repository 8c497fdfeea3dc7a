import Operators

/// The complexity of a nonlinearity's value as a function of its ports' complexity.
struct FieldGrowth {
  /// Whether the value is a fresh random number for all ports.
  var isFresh = false
  /// How many values of ports are multiplied with each other.
  var factors = 1.0
  /// How many different denominators there are besides those of the ports.
  var denominators = 0.0
  /// The bits of its constants.
  var bits = 8.0

  /// The value at ports of these complexities.
  func value(at ports: [FieldComplexity]) -> FieldComplexity {
    if isFresh { return .fresh }
    let degree = ports.reduce(0) { $0 + $1.denominatorDegree }
    let denominatorBits = ports.reduce(0) { $0 + $1.denominatorBits }
    var (numerator, low, high) = (1.0 + degree, 0.0, 0.0)
    for port in ports {
      numerator = max(numerator, port.degree + degree - port.denominatorDegree)
      low = min(low, port.low)
      high = max(high, port.high + denominatorBits - port.denominatorBits)
    }
    // A denominator is at most a square of a port's value, and a constant.
    let denominatorDegree = denominators * (2 * numerator + 1)
    let ownBits = denominators * (2 * (high - low) + denominatorBits + bits)
    return FieldComplexity(
      degree: factors * numerator + 1 + denominatorDegree,
      denominatorDegree: factors * degree + denominatorDegree, low: factors * low - bits,
      high: factors * high + bits + ownBits, denominatorBits: factors * denominatorBits + ownBits)
  }
}

extension Nonlinearity {
  /// How complex the value is at ports of these shapes.
  func growth(_ shapes: [[Int]]) -> FieldGrowth {
    let size = Double(shapes[0].reduce(1, *))
    let numbers = attributes.flatMap(\.value.numbers)
    let range = exponents(of: numbers)
    var growth = FieldGrowth(bits: 16 + 4 * Double(numbers.count + 1) * (range.high - range.low))
    switch self {
    case is any InterpretedOdd, is Tanh, is Sigmoid, is LogSigmoid, is Exponential, is NaturalLogarithm,
      is SquareRoot, is Cosine, is HyperbolicCosine, is ArcCosine, is InverseHyperbolicCosine, is Floor,
      is Ceiling,
      is Greater, is GreaterOrEqual, is Equal:
      growth.isFresh = true
    case is GELU, is SiLU, is Mish, is HardSwish: growth.factors = 2
    case is Product, is PReLU, is Choice: growth.factors = 2
    case is BatchedProduct:
      growth.factors = 2
      growth.bits += binaryLogarithm(shapes[0].last ?? 1)
    case is Quotient, is Reciprocal, is Softsign: growth.denominators = size
    case let power as Pow where power.exponent.magnitude <= 64:
      growth.factors = max(1, power.exponent.magnitude)
      if power.exponent < 0 { growth.denominators = size * growth.factors }
    case is Power:
      growth.factors = 64
      growth.denominators = 64 * size
    case let norm as VectorNorm:
      growth.factors = 2
      growth.bits += 2 * binaryLogarithm(norm.lines(shapes[0]).offsets.count)
    case let lines as any Linewise:
      let cut = lines.lines(shapes[0])
      growth.denominators = Double(cut.starts.count)
      growth.bits += 2 * Double(cut.offsets.count)
    case is MaxPooling: growth.bits += 2 * binaryLogarithm(Int(size)) + 128
    case let normalization as any Normalization:
      growth.factors = 3
      growth.denominators = size / Double(normalization.run(shapes[0]) ?? 1)
      growth.bits += 2 * binaryLogarithm(Int(size))
    default: (self as? any Interpreted)?.grow(&growth, shapes: shapes)
    }
    return growth
  }
}
