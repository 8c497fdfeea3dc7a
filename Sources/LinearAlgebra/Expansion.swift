/// An exact sum of floating-point numbers, kept as components that do not overlap and whose sum in exact
/// arithmetic is the sum of everything added.
///
/// Shewchuk, *Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates* (1997),
/// GROW-EXPANSION. Exact as long as nothing overflows and no product is smaller than the smallest normal
/// number times 2⁵³.
public struct Expansion: Sendable {
  /// The components in ascending order of magnitude, without zeros.
  private var components: [Double] = []

  /// The empty sum, 0.
  public init() {}

  /// Adds a number.
  public mutating func add(_ number: Double) {
    var sum = number
    var kept = 0
    for component in components {
      let error: Double
      (sum, error) = twoSum(sum, component)
      if error != 0 {
        components[kept] = error
        kept += 1
      }
    }
    components.removeSubrange(kept...)
    if sum != 0 { components.append(sum) }
  }

  /// Adds a product.
  public mutating func add(_ a: Double, times b: Double) {
    let product = a * b
    add((-product).addingProduct(a, b))
    add(product)
  }

  /// Adds a product of three numbers.
  public mutating func add(_ a: Double, times b: Double, times c: Double) {
    let product = a * b
    add((-product).addingProduct(a, b), times: c)
    add(product, times: c)
  }

  /// Whether the sum is exactly 0.
  public var isZero: Bool { components.isEmpty }

  /// The sum, within one unit in the last place; NaN if a component overflowed.
  public var value: Double { components.reduce(0, +) }
}

/// The rounded sum of two numbers and its rounding error, which is exact (Knuth's two-sum).
@specialized(where S == Double)
@specialized(where S == Float)
package func twoSum<S: Scalar>(_ a: S, _ b: S) -> (sum: S, error: S) {
  let sum = a + b
  let part = sum - a
  return (sum, (a - (sum - part)) + (b - part))
}
