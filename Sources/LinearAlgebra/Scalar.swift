import RealModule

/// A floating-point type that models are computed in: `Float` or `Double`.
///
/// Every operation on whole buffers is a static requirement here with a concrete implementation for each
/// type, so that no generic code runs per element across a module boundary. Elementary functions (`tanh`,
/// `exp`, `erf`, …) come from `RealModule.Real`.
///
/// Matrices are row-major, and a leading dimension is the distance between rows, in elements.
public protocol Scalar: Real, BinaryFloatingPoint, Sendable {
  /// An array of `count` copies of one number.
  static func array(repeating value: Self, count: Int) -> [Self]

  /// An array of `count` numbers, all of which `initialize` must write.
  static func array(
    count: Int, initializedBy initialize: (UnsafeMutableBufferPointer<Self>) -> Void
  ) -> [Self]

  /// C ← α·op(A)·op(B) + β·C, with op(A) `[m, k]`, op(B) `[k, n]` and C `[m, n]` (BLAS level 3), on the calling thread.
  static func gemmOnOneThread(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int,
    alpha: Self, a: UnsafePointer<Self>, lda: Int, b: UnsafePointer<Self>, ldb: Int,
    beta: Self, c: UnsafeMutablePointer<Self>, ldc: Int)

  /// a · b, summed as eight interleaved partial sums that are added last.
  static func dot(_ a: UnsafeBufferPointer<Self>, _ b: UnsafeBufferPointer<Self>) -> Self

  /// The sum of all elements, as eight interleaved partial sums that are added last.
  static func sum(_ a: UnsafeBufferPointer<Self>) -> Self

  /// Factorises the column-major `n` by `n` matrix A in place as P·L·U (LAPACK `getrf`).
  ///
  /// Returns 0, or the 1-based index of the first pivot that is exactly zero.
  static func luFactorize(
    _ a: UnsafeMutablePointer<Self>, n: Int, pivots: UnsafeMutablePointer<Int32>
  ) -> Int

  /// Solves A·x = b, or Aᵀ·x = b, in place from the factors of `luFactorize` (LAPACK `getrs`).
  static func luSolve(
    _ factors: UnsafePointer<Self>, n: Int, pivots: UnsafePointer<Int32>, transposed: Bool,
    b: UnsafeMutablePointer<Self>, rightHandSides: Int)

  /// An estimate of 1 / (‖A‖₁·‖A⁻¹‖₁) from the factors of `luFactorize` (LAPACK `gecon`): 0 for a
  /// singular matrix, at most 1.
  static func luReciprocalCondition(
    _ factors: UnsafePointer<Self>, n: Int, oneNorm: Self
  ) -> Self

  /// The eigenvalues of the symmetric `n` by `n` matrix A, ascending; A is overwritten (LAPACK `syev`).
  static func symmetricEigenvalues(_ a: UnsafeMutablePointer<Self>, n: Int) -> [Self]

  /// z ← f(p) for every element; z may be p.
  static func evaluate(
    _ function: some ElementwiseFunction, at p: UnsafeBufferPointer<Self>,
    into z: UnsafeMutableBufferPointer<Self>)

  /// Multiplies every g by f'(p), p being the element of the same index.
  static func multiplyByDerivative(
    of function: some ElementwiseFunction, at p: UnsafeBufferPointer<Self>,
    into g: UnsafeMutableBufferPointer<Self>)

  /// Replaces every element p by f(p, q), q being the element of the same index.
  static func evaluate(
    _ function: some ElementwisePairFunction, on p: UnsafeMutableBufferPointer<Self>,
    with q: UnsafeBufferPointer<Self>)

  /// Replaces every p by g·∂f/∂p and every q by g·∂f/∂q, g being the element of the same index.
  static func multiplyDerivatives(
    of function: some ElementwisePairFunction, at p: UnsafeMutableBufferPointer<Self>,
    _ q: UnsafeMutableBufferPointer<Self>, by g: UnsafeBufferPointer<Self>)
}

extension Scalar {
  /// C ← α·op(A)·op(B) + β·C, with op(A) `[m, k]`, op(B) `[k, n]` and C `[m, n]`.
  ///
  /// A large product is split along the longer side of C, one part for each thread. An outer product is
  /// bound by memory, so C is written once, whereas BLAS would clear, read and write it.
  public static func gemm(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int,
    alpha: Self, a: UnsafePointer<Self>, lda: Int, b: UnsafePointer<Self>, ldb: Int,
    beta: Self, c: UnsafeMutablePointer<Self>, ldc: Int
  ) {
    let grain = 1 + productsPerPart / max(1, min(m, n) * k)
    if k == 1, m > 1, alpha == 1, beta == 0, !transposeB {
      inParts(of: m, grain: 1 + elementsPerPart / max(1, n)) { rows in
        for row in rows { scale(b, by: a[row * (transposeA ? 1 : lda)], count: n, into: c + row * ldc) }
      }
      return
    }
    inParts(of: max(m, n), grain: grain, alignment: 16) { part in
      if n >= m {
        gemmOnOneThread(
          transposeA: transposeA, transposeB: transposeB, m: m, n: part.count, k: k, alpha: alpha, a: a,
          lda: lda,
          b: b + part.lowerBound * (transposeB ? ldb : 1), ldb: ldb, beta: beta, c: c + part.lowerBound,
          ldc: ldc)
      } else {
        gemmOnOneThread(
          transposeA: transposeA, transposeB: transposeB, m: part.count, n: n, k: k, alpha: alpha,
          a: a + part.lowerBound * (transposeA ? 1 : lda), lda: lda, b: b, ldb: ldb, beta: beta,
          c: c + part.lowerBound * ldc, ldc: ldc)
      }
    }
  }
}

/// target ← factor·source.
@specialized(where S == Double)
@specialized(where S == Float)
private func scale<S: Scalar>(
  _ source: UnsafePointer<S>, by factor: S, count: Int, into target: UnsafeMutablePointer<S>
) {
  for index in 0..<count { target[index] = factor * source[index] }
}

/// The least number of multiplications of a matrix product that is worth a thread: some microseconds of
/// work.
private var productsPerPart: Int { 1 << 19 }

/// A function of one number, applied to whole buffers, for each scalar type.
///
/// `Scalar.evaluate` and `Scalar.multiplyByDerivative` choose the overload for their type, once per buffer.
public protocol ElementwiseFunction {
  /// z ← f(p) for every element; z may be p.
  func evaluate(at p: UnsafeBufferPointer<Double>, into z: UnsafeMutableBufferPointer<Double>)
  /// z ← f(p) for every element; z may be p.
  func evaluate(at p: UnsafeBufferPointer<Float>, into z: UnsafeMutableBufferPointer<Float>)
  /// Multiplies every g by f'(p), p being the element of the same index.
  func multiplyByDerivative(at p: UnsafeBufferPointer<Double>, into g: UnsafeMutableBufferPointer<Double>)
  /// Multiplies every g by f'(p), p being the element of the same index.
  func multiplyByDerivative(at p: UnsafeBufferPointer<Float>, into g: UnsafeMutableBufferPointer<Float>)
}
