import CFieldArithmetic
import LinearAlgebra

/// How many products of two numbers fit into 128 bits together with a remainder below 2¹²⁵: (2¹²⁸ − 2¹²⁵) /
/// 2¹²²·⁰¹, rounded down.
private let productsPerReduction = 48

/// The least number of products that is worth a thread: some microseconds of work.
let productsPerPart = 1 << 14

extension PrimeField {
  /// Adds the inner products of the rows of `[rows, depth]` scaled images and the rows of `[columns,
  /// depth]` numbers to `target`, `[rows, …]`, whose rows are `distance` apart.
  func addProducts(
    _ left: UnsafePointer<UInt64>, _ right: UnsafePointer<UInt64>, rows: Int, columns: Int, depth: Int,
    to target: UnsafeMutablePointer<UInt64>, distance: Int
  ) {
    var field = prime_field(modulus: modulus, inverse: inverse, reciprocal: reciprocal)
    field_add_products(&field, left, right, rows, columns, depth, target, distance)
  }
}

extension PrimeField {
  /// A congruent number below p·2⁶⁴.
  @inline(__always)
  func lowered(_ sum: UInt128) -> UInt128 {
    UInt128(remainder(UInt64(truncatingIfNeeded: sum >> 64))) << 64 | UInt128(UInt64(truncatingIfNeeded: sum))
  }

  /// A number of 128 bits divided by 2⁶⁴, modulo p.
  @inline(__always)
  func reduced(_ sum: UInt128) -> UInt64 {
    reduced(UInt64(truncatingIfNeeded: sum >> 64), UInt64(truncatingIfNeeded: sum))
  }
}

/// Sums of products of scaled images and numbers in three fields, reduced as rarely as possible.
struct ProductSum {
  private var sums: (UInt128, UInt128, UInt128) = (0, 0, 0)
  private var count = 0

  /// Adds a product.
  @inline(__always)
  mutating func add(scaled a: FieldElement, times x: FieldElement, in fields: FieldTriple) {
    if count == productsPerReduction {
      sums = (
        fields.first.lowered(sums.0), fields.second.lowered(sums.1), fields.third.lowered(sums.2)
      )
      count = 0
    }
    sums.0 &+= UInt128(a.first) &* UInt128(x.first)
    sums.1 &+= UInt128(a.second) &* UInt128(x.second)
    sums.2 &+= UInt128(a.third) &* UInt128(x.third)
    count += 1
  }

  /// The sum.
  func value(in fields: FieldTriple) -> FieldElement {
    FieldElement(
      fields.first.reduced(sums.0), fields.second.reduced(sums.1), fields.third.reduced(sums.2))
  }
}
