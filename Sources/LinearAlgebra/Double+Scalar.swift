import COpenBLAS
import RealModule

extension Double: Scalar {
  public static func array(repeating value: Double, count: Int) -> [Double] {
    [Double](repeating: value, count: count)
  }

  public static func array(
    count: Int, initializedBy initialize: (UnsafeMutableBufferPointer<Double>) -> Void
  ) -> [Double] {
    [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
      initialize(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      initialized = count
    }
  }

  public static func gemmOnOneThread(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int,
    alpha: Double, a: UnsafePointer<Double>, lda: Int, b: UnsafePointer<Double>, ldb: Int,
    beta: Double, c: UnsafeMutablePointer<Double>, ldc: Int
  ) {
    if m == 1 {
      // A row times a matrix is bound by memory, and `gemm` would first copy B into another order.
      if beta == 0 { c.initialize(repeating: 0, count: n) }
      cblas_dgemv(
        CblasRowMajor, transposeB ? CblasNoTrans : CblasTrans, Int32(transposeB ? n : k),
        Int32(transposeB ? k : n), alpha, b, Int32(ldb), a, transposeA ? Int32(lda) : 1,
        beta == 0 ? 1 : beta, c, 1)
      return
    }
    cblas_dgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      Int32(m), Int32(n), Int32(k), alpha, a, Int32(lda), b, Int32(ldb), beta, c, Int32(ldc))
  }

  public static func dot(_ a: UnsafeBufferPointer<Double>, _ b: UnsafeBufferPointer<Double>) -> Double {
    let (left, right) = (UnsafeRawBufferPointer(a), UnsafeRawBufferPointer(b))
    let whole = a.count - a.count % 8
    var sums = SIMD8<Double>.zero
    for start in stride(from: 0, to: whole, by: 8) {
      let offset = start * MemoryLayout<Double>.stride
      sums +=
        left.loadUnaligned(fromByteOffset: offset, as: SIMD8<Double>.self)
        * right.loadUnaligned(fromByteOffset: offset, as: SIMD8<Double>.self)
    }
    var sum = sums.sum()
    for index in whole..<a.count { sum += a[index] * b[index] }
    return sum
  }

  public static func sum(_ a: UnsafeBufferPointer<Double>) -> Double {
    let elements = UnsafeRawBufferPointer(a)
    let whole = a.count - a.count % 8
    var sums = SIMD8<Double>.zero
    for start in stride(from: 0, to: whole, by: 8) {
      sums += elements.loadUnaligned(
        fromByteOffset: start * MemoryLayout<Double>.stride, as: SIMD8<Double>.self)
    }
    return a[whole...].reduce(sums.sum(), +)
  }

  public static func luFactorize(
    _ a: UnsafeMutablePointer<Double>, n: Int, pivots: UnsafeMutablePointer<Int32>
  ) -> Int {
    var size = Int32(n)
    var info: Int32 = 0
    dgetrf_(&size, &size, a, &size, pivots, &info)
    return Int(info)
  }

  public static func luSolve(
    _ factors: UnsafePointer<Double>, n: Int, pivots: UnsafePointer<Int32>, transposed: Bool,
    b: UnsafeMutablePointer<Double>, rightHandSides: Int
  ) {
    var size = Int32(n)
    var count = Int32(rightHandSides)
    var operation = CChar(bitPattern: UInt8(ascii: transposed ? "T" : "N"))
    var info: Int32 = 0
    dgetrs_(&operation, &size, &count, factors, &size, pivots, b, &size, &info)
  }

  public static func luReciprocalCondition(
    _ factors: UnsafePointer<Double>, n: Int, oneNorm: Double
  ) -> Double {
    var size = Int32(n)
    var norm = CChar(bitPattern: UInt8(ascii: "1"))
    var oneNorm = oneNorm
    var reciprocal: Double = 0
    var work = [Double](repeating: 0, count: 4 * n)
    var integers = [Int32](repeating: 0, count: n)
    var info: Int32 = 0
    dgecon_(&norm, &size, factors, &size, &oneNorm, &reciprocal, &work, &integers, &info)
    return reciprocal
  }

  public static func symmetricEigenvalues(_ a: UnsafeMutablePointer<Double>, n: Int) -> [Double] {
    var size = Int32(n)
    var job = CChar(bitPattern: UInt8(ascii: "N"))
    var triangle = CChar(bitPattern: UInt8(ascii: "U"))
    var eigenvalues = [Double](repeating: 0, count: n)
    var work = [Double](repeating: 0, count: max(1, 34 * n))
    var workSize = Int32(work.count)
    var info: Int32 = 0
    dsyev_(&job, &triangle, &size, a, &size, &eigenvalues, &work, &workSize, &info)
    return eigenvalues
  }

  public static func evaluate(
    _ function: some ElementwiseFunction, at p: UnsafeBufferPointer<Double>,
    into z: UnsafeMutableBufferPointer<Double>
  ) {
    inParts(of: p.count, grain: elementsPerPart) { part in
      function.evaluate(
        at: UnsafeBufferPointer(rebasing: p[part]), into: UnsafeMutableBufferPointer(rebasing: z[part]))
    }
  }

  public static func multiplyByDerivative(
    of function: some ElementwiseFunction, at p: UnsafeBufferPointer<Double>,
    into g: UnsafeMutableBufferPointer<Double>
  ) {
    inParts(of: p.count, grain: elementsPerPart) { part in
      function.multiplyByDerivative(
        at: UnsafeBufferPointer(rebasing: p[part]), into: UnsafeMutableBufferPointer(rebasing: g[part]))
    }
  }

  public static func evaluate(
    _ function: some ElementwisePairFunction, on p: UnsafeMutableBufferPointer<Double>,
    with q: UnsafeBufferPointer<Double>
  ) {
    function.evaluate(on: p, with: q)
  }

  public static func multiplyDerivatives(
    of function: some ElementwisePairFunction, at p: UnsafeMutableBufferPointer<Double>,
    _ q: UnsafeMutableBufferPointer<Double>, by g: UnsafeBufferPointer<Double>
  ) {
    function.multiplyDerivatives(at: p, q, by: g)
  }
}
