import LinearAlgebra

/// `σ(p) = p` where |p| > lambda, else 0; σ'(±lambda) = 0.
public struct Hardshrink: VectorActivation {
  public static let typeName = "hardshrink"
  public static let schema = OperatorSchema(
    "p where abs p is above lambda, else 0; slope 0 at ±lambda",
    .number("lambda", default: 0.5, "not negative; half the width of the dead zone"))

  /// Half the width of the dead zone; not negative.
  public let lambda: Double

  /// The activation with these attributes.
  ///
  /// - Throws: `InvalidConstants` where they have no meaning.
  public init(lambda: Double = 0.5) throws(InvalidConstants) {
    guard lambda >= 0 else {
      throw InvalidConstants("lambda: expected a number that is not negative, found \(lambda)")
    }
    self.lambda = lambda
  }

  public init(attributes: Attributes) throws(InvalidConstants) {
    try self.init(lambda: attributes.number("lambda"))
  }

  public var attributes: Attributes { ["lambda": .number(lambda)] }
  public var slopes: ClosedRange<Double>? { 0...(lambda > 0 ? .infinity : 1) }
  public var isContinuous: Bool { lambda == 0 }
  public var isPiecewiseLinear: Bool { isContinuous }
  public var function: VectorFunction { .hardshrink(lambda: lambda) }

  public func jumpDistance(_ ports: [Double]) -> Double {
    isContinuous ? .infinity : abs(abs(ports[0]) - lambda)
  }
}
