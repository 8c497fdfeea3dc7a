import LinearAlgebra

/// a · b.
@specialized(where S == Double)
@specialized(where S == Float)
func dot<S: Scalar>(_ a: [S], _ b: [S]) -> S {
  var sum: S = 0
  for index in a.indices { sum += a[index] * b[index] }
  return sum
}

/// a · b, in an order of summation that suits vectors.
func dotInRuns<S: Scalar>(_ a: ArraySlice<S>, _ b: ArraySlice<S>) -> S {
  a.withUnsafeBufferPointer { a in b.withUnsafeBufferPointer { b in S.dot(a, b) } }
}

/// ‖a‖₂, scaled so that no square overflows or underflows; not finite where an element is not.
@specialized(where S == Double)
@specialized(where S == Float)
func euclideanNorm<S: Scalar>(_ a: [S]) -> S {
  let scale = largestMagnitude(a[...])
  guard scale > 0, scale.isFinite else { return scale }
  var sum: S = 0
  for element in a { sum += (element / scale) * (element / scale) }
  return scale * sum.squareRoot()
}

/// a − b.
@specialized(where S == Double)
@specialized(where S == Float)
func difference<S: Scalar>(_ a: [S], _ b: [S]) -> [S] {
  var result = a
  for index in result.indices { result[index] -= b[index] }
  return result
}

/// a + scale · direction.
@specialized(where S == Double)
@specialized(where S == Float)
func moved<S: Scalar>(_ a: [S], by scale: S, along direction: [S]) -> [S] {
  var result = a
  for index in result.indices { result[index] += scale * direction[index] }
  return result
}

/// Adds scale · direction to `target`.
@specialized(where S == Double)
@specialized(where S == Float)
func accumulate<S: Scalar>(_ direction: [S], scaledBy scale: S, into target: inout [S]) {
  for index in target.indices { target[index] += scale * direction[index] }
}

/// a / divisor.
@specialized(where S == Double)
@specialized(where S == Float)
func divided<S: Scalar>(_ a: [S], by divisor: S) -> [S] {
  var result = a
  for index in result.indices { result[index] /= divisor }
  return result
}
