import COpenBLAS

/// An eigenvalue of a real matrix.
public struct Eigenvalue: Sendable, Equatable {
  /// Its real part.
  public let real: Double
  /// Its imaginary part; a conjugate eigenvalue accompanies one that is not 0.
  public let imaginary: Double

  /// The eigenvalue of these parts.
  public init(real: Double, imaginary: Double) {
    (self.real, self.imaginary) = (real, imaginary)
  }

  /// Its magnitude.
  public var magnitude: Double {
    // Scaled, so that no square overflows.
    let scale = max(abs(real), abs(imaginary))
    guard scale > 0, scale.isFinite else { return scale }
    let (a, b) = (real / scale, imaginary / scale)
    return scale * (a * a + b * b).squareRoot()
  }
}

/// The eigenvalues of a square matrix, by the QR algorithm (LAPACK `geev`); as exact as rounding of the matrix allows.
///
/// - Returns: Nil where the matrix is not finite or the algorithm does not converge.
/// - Complexity: About 10 n³ multiplications.
public func eigenvalues(of matrix: Matrix<Double>) -> [Eigenvalue]? {
  precondition(matrix.rows == matrix.columns, "eigenvalues of a \(matrix.rows)×\(matrix.columns) matrix")
  guard matrix.rows > 0 else { return [] }
  guard matrix.isFinite else { return nil }
  var size = Int32(matrix.rows)
  var job = CChar(bitPattern: UInt8(ascii: "N"))
  // LAPACK is column-major, so it sees the transpose, which has the same eigenvalues.
  var a = matrix.elements
  var real = [Double](repeating: 0, count: matrix.rows)
  var imaginary = real
  var work = [Double](repeating: 0, count: 34 * matrix.rows)
  var (workSize, info, none, one) = (Int32(34 * matrix.rows), Int32(0), 0.0, Int32(1))
  var alsoNone = 0.0
  dgeev_(
    &job, &job, &size, &a, &size, &real, &imaginary, &none, &one, &alsoNone, &one, &work, &workSize, &info)
  guard info == 0 else { return nil }
  return zip(real, imaginary).map { Eigenvalue(real: $0, imaginary: $1) }
}
