import LinearAlgebra

/// `σ(p) = p` where |p| > lambda, else 0; σ'(±lambda) = 0.
public struct Hardshrink: VectorActivation {
  public static let typeName = "hardshrink"
  public static let constantDescriptions = [
    ConstantDescription("lambda", default: 0.5)
  ]

  /// Half the width of the dead zone; not negative.
  public let lambda: Double

  /// The activation with these constants.
  ///
  /// - Throws: `InvalidConstants` where they have no meaning.
  public init(lambda: Double = 0.5) throws(InvalidConstants) {
    guard lambda >= 0 else {
      throw InvalidConstants("lambda: expected a number that is not negative, found \(lambda)")
    }
    self.lambda = lambda
  }

  public init(constants: [Constant]) throws(InvalidConstants) {
    try self.init(lambda: constants.number(0))
  }

  public var constants: [Constant] { [.number(lambda)] }
  public var slopes: ClosedRange<Double>? { 0...(lambda > 0 ? .infinity : 1) }
  public var function: VectorFunction { .hardshrink(lambda: lambda) }
}
