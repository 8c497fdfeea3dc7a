import LinearAlgebra

/// Powers of two that bring the coordinates of one sample to one scale.
///
/// The methods measure states and residuals by norms, in which a coordinate of 10¹² would dominate one of 1. So where
/// the magnitudes of the coordinates differ by more than a factor of 1000, they iterate on z/d instead of z, with d
/// these magnitudes. Scaling by a power of two rounds nothing; where d is 1 everywhere, the iteration is that of z bit
/// for bit.
struct Balance<S: Scalar>: Sendable {
  /// Magnitudes within this many powers of two are left as they are.
  private static var leastSpread: Int { 10 }
  /// Magnitudes that differ by this many powers of two need another balance.
  private static var mostDeviation: Int { 20 }

  /// d; nil where it is 1 everywhere.
  private let scales: [S]?

  /// No change of scale.
  init() { scales = nil }

  /// The balance for coordinates of these magnitudes; one that is 0 counts as the smallest.
  init(magnitudes: [S]) {
    let exponents = Self.exponents(of: magnitudes)
    let known = exponents.compactMap(\.self)
    guard let least = known.min(), let most = known.max(), most - least > Self.leastSpread else {
      scales = nil
      return
    }
    let deepest = -Int(S.greatestFiniteMagnitude.exponent) / 2
    scales = exponents.map { exponent in
      S(sign: .plus, exponent: S.Exponent(max((exponent ?? least) - most, deepest)), significand: 1)
    }
  }

  /// Whether coordinates of these magnitudes, divided by d, differ so much that they need another balance.
  func isOutgrown(by magnitudes: [S]) -> Bool {
    let exponents = Self.exponents(of: magnitudes)
    let rest = exponents.indices.compactMap { index in
      exponents[index].map { $0 - (scales.map { Int($0[index].exponent) } ?? 0) }
    }
    guard let least = rest.min(), let most = rest.max() else { return false }
    return most - least > Self.mostDeviation
  }

  /// z / d.
  func balanced(_ vector: [S]) -> [S] {
    guard let scales else { return vector }
    return zip(vector, scales).map { $0 / $1 }
  }

  /// d · z.
  func restored(_ vector: [S]) -> [S] {
    guard let scales else { return vector }
    return zip(vector, scales).map { $0 * $1 }
  }

  /// D⁻¹ J D, for the Jacobian in balanced coordinates.
  func balanced(_ jacobian: Matrix<S>) -> Matrix<S> {
    guard let scales else { return jacobian }
    var result = jacobian
    for row in 0..<jacobian.rows {
      for column in 0..<jacobian.columns { result[row, column] *= scales[column] / scales[row] }
    }
    return result
  }

  /// The same evaluation in balanced coordinates.
  func balanced(_ evaluation: Evaluation<S>) -> Evaluation<S> {
    guard scales != nil else { return evaluation }
    return Evaluation(point: balanced(evaluation.point), value: balanced(evaluation.value))
  }

  private static func exponents(of magnitudes: [S]) -> [Int?] {
    magnitudes.map { $0 > 0 && $0.isFinite ? Int($0.exponent) : nil }
  }
}
