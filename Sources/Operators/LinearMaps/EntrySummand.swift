/// One summand of an entry of a linear map: `factor / divisor`, times an element of the parameter where there is one.
public struct EntrySummand: Sendable, Equatable {
  /// The entry's column.
  public let column: Int
  /// The position of the parameter's element, last axis fastest; nil for a summand without a parameter.
  public let element: Int?
  /// The factor of the element, or of 1.
  public let factor: Double
  /// The divisor of the product; positive.
  public let divisor: Int

  /// The summand `factor / divisor`, times the parameter's element at `element`.
  @inline(__always)
  public init(column: Int, element: Int? = nil, factor: Double = 1, divisor: Int = 1) {
    self.column = column
    self.element = element
    self.factor = factor
    self.divisor = divisor
  }
}
