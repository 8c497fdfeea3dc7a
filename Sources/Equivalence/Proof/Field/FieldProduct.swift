import LinearAlgebra

/// How many products of two numbers fit into 128 bits together with a rest below 2¹²⁵: (2¹²⁸ − 2¹²⁵) / 2¹²²·⁰¹, rounded down.
private let productsPerReduction = 48

/// Calls `store` with the products of the rows of two matrices, `[rows, depth]` of scaled images and `[columns, depth]` of
/// numbers: with the row, the column and the product of both. Columns are shared out among threads.
func multiply(
  _ left: UnsafePointer<UInt64>, _ right: UnsafePointer<UInt64>, rows: Int, columns: Int, depth: Int,
  in field: PrimeField, _ store: (_ row: Int, _ column: Int, _ product: UInt64) -> Void
) {
  // Two rows at a time, so that a column is read half as often.
  inParts(of: rows, grain: 1 + elementsPerPart / (columns * depth), alignment: 2) { part in
    var row = part.lowerBound
    while row + 1 < part.upperBound {
      let (first, second) = (left + row * depth, left + (row + 1) * depth)
      for column in 0..<columns {
        let (a, b) = products(first, second, right + column * depth, depth, field)
        store(row, column, a)
        store(row + 1, column, b)
      }
      row += 2
    }
    if row < part.upperBound {
      for column in 0..<columns {
        store(row, column, product(left + row * depth, right + column * depth, depth, field))
      }
    }
  }
}

/// The inner product of scaled images and numbers.
private func product(
  _ a: UnsafePointer<UInt64>, _ x: UnsafePointer<UInt64>, _ count: Int, _ field: PrimeField
) -> UInt64 {
  var sum: UInt128 = 0
  var start = 0
  while start < count {
    let end = min(count, start + productsPerReduction)
    for index in start..<end { sum &+= UInt128(a[index]) &* UInt128(x[index]) }
    sum = field.lowered(sum)
    start = end
  }
  return field.reduced(sum)
}

/// Two inner products with the same numbers.
private func products(
  _ a: UnsafePointer<UInt64>, _ b: UnsafePointer<UInt64>, _ x: UnsafePointer<UInt64>, _ count: Int,
  _ field: PrimeField
) -> (UInt64, UInt64) {
  var (first, second): (UInt128, UInt128) = (0, 0)
  var start = 0
  while start < count {
    let end = min(count, start + productsPerReduction)
    for index in start..<end {
      let number = UInt128(x[index])
      first &+= UInt128(a[index]) &* number
      second &+= UInt128(b[index]) &* number
    }
    (first, second) = (field.lowered(first), field.lowered(second))
    start = end
  }
  return (field.reduced(first), field.reduced(second))
}

extension PrimeField {
  /// A number of the same remainder below p·2⁶⁴.
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
