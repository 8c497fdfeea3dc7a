/// The product of factors; nil if a factor is negative, or if a partial product overflows or exceeds `limit`.
///
/// The order of the factors matters for a 0: everything before it must stay within the limit.
package func checkedProduct(_ factors: some Sequence<Int>, atMost limit: Int = .max) -> Int? {
  var product = 1
  for factor in factors {
    let (next, overflow) = product.multipliedReportingOverflow(by: factor)
    guard factor >= 0, !overflow, next <= limit else { return nil }
    product = next
  }
  return product
}
