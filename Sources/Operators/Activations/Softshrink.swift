import LinearAlgebra

/// `σ(p) = p − lambda` above lambda, `p + lambda` below −lambda, 0 between; σ'(±lambda) = 0.
public struct Softshrink: VectorActivation {
  public static let typeName = "softshrink"
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
  public var slopes: ClosedRange<Double>? { 0...1 }
  public var function: VectorFunction { .softshrink(lambda: lambda) }
}
