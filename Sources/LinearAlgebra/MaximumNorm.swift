/// The largest magnitude among the elements, 0 if there are none; NaN if any of them is NaN.
@specialized(where S == Double)
@specialized(where S == Float)
public func largestMagnitude<S: Scalar>(_ elements: ArraySlice<S>) -> S {
  elements.withUnsafeBufferPointer { largestMagnitude(count: $0.count, of: $0) { abs($0[$1]) } }
}

/// ‖a − b‖∞, the largest distance between elements of the same index; NaN if any difference is NaN.
///
/// - Precondition: Both have the same number of elements.
@specialized(where S == Double)
@specialized(where S == Float)
public func largestDistance<S: Scalar>(_ a: [S], _ b: [S]) -> S {
  precondition(a.count == b.count, "the distance of \(a.count) and \(b.count) numbers")
  return a.withUnsafeBufferPointer { a in
    b.withUnsafeBufferPointer { b in
      largestMagnitude(count: a.count, of: (a, b)) { abs($0.0[$1] - $0.1[$1]) }
    }
  }
}

/// The largest of `count` magnitudes, NaN if any is NaN; `magnitude` returns the one at an index.
///
/// Eight independent running maxima let the compiler use vector instructions.
@inline(__always)
private func largestMagnitude<S: Scalar, Source>(
  count: Int, of source: Source, _ magnitude: (Source, Int) -> S
) -> S {
  var (m0, m1, m2, m3, m4, m5, m6, m7) = (S(0), S(0), S(0), S(0), S(0), S(0), S(0), S(0))
  // These stay 0 while every magnitude is finite. An infinite magnitude minus itself is NaN too, so it is
  // checked below.
  var (n0, n1, n2, n3, n4, n5, n6, n7) = (m0, m1, m2, m3, m4, m5, m6, m7)
  @inline(__always) func take(_ place: Int, _ largest: inout S, _ finite: inout S) {
    let value = magnitude(source, place)
    largest = value > largest ? value : largest
    finite += value - value
  }
  var place = 0
  while place + 8 <= count {
    take(place, &m0, &n0)
    take(place + 1, &m1, &n1)
    take(place + 2, &m2, &n2)
    take(place + 3, &m3, &n3)
    take(place + 4, &m4, &n4)
    take(place + 5, &m5, &n5)
    take(place + 6, &m6, &n6)
    take(place + 7, &m7, &n7)
    place += 8
  }
  while place < count {
    take(place, &m0, &n0)
    place += 1
  }
  let isFinite = ((n0 + n1) + (n2 + n3)) + ((n4 + n5) + (n6 + n7)) == 0
  if !isFinite, (0..<count).contains(where: { magnitude(source, $0).isNaN }) { return .nan }
  return max(max(max(m0, m1), max(m2, m3)), max(max(m4, m5), max(m6, m7)))
}
