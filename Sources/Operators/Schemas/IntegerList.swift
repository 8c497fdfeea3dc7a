/// One integer for all axes, or one for each: `torch.nn`'s "int or tuple". Written as `2` or `[2, 1]`.
public struct IntegerList: Hashable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  /// The integers, as they were given.
  public let values: [Int]

  /// These integers.
  public init(_ values: [Int]) {
    self.values = values
  }

  public init(integerLiteral value: Int) {
    values = [value]
  }

  public init(arrayLiteral elements: Int...) {
    values = elements
  }
}
