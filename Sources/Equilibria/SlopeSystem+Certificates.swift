import LinearAlgebra

extension SlopeSystem {
  /// The first sufficient condition for a unique equilibrium that holds.
  var wellPosedness: WellPosedness {
    if let bound = perronFrobenius { return .perronFrobenius(bound: bound) }
    let ones = [Double](repeating: 1, count: size)
    let KW = weighted { row, _ in steepest(row) }
    if let bound = contraction(KW, ones) { return .contraction(bound: bound) }
    let WK = isProximal ? timesSteepest : nil
    if let bound = monotonicity { return .monotone(bound: bound) }
    if let bound = maximumNorm { return .maximumNorm(bound: bound) }
    if KW.middle.isFinite,
      let bound = DiagonalScaling(of: KW.middle, for: .norm).first({ contraction(KW, $0) })
    {
      return .scaledContraction(bound: bound)
    }
    if let WK, WK.middle.isFinite,
      let bound = DiagonalScaling(of: WK.middle, for: .symmetricPart).first({ monotonicity(WK, $0) })
    {
      return .scaledMonotone(bound: bound)
    }
    return .unknown
  }

  /// A lower bound above 0 of the symmetric part of `I − W K`, for activations that are K times proximal operators; or
  /// nil.
  var monotonicity: Double? {
    isProximal ? monotonicity(timesSteepest, [Double](repeating: 1, count: size)) : nil
  }

  /// W K, the columns of W times the steepest slopes, for activations whose slopes are not negative.
  var timesSteepest: Enclosure { weighted { _, column in slopes[column].upperBound } }

  /// Whether every activation is its steepest slope times a proximal operator: its slopes are not negative.
  private var isProximal: Bool { slopes.allSatisfy { $0.lowerBound >= 0 } }

  /// An upper bound below 1 of the largest eigenvalue of |K W|, or nil.
  private var perronFrobenius: Double? {
    var majorant = Matrix<Double>(rows: size, columns: size)
    for row in 0..<size {
      for column in 0..<size where middle[row, column] != 0 || radius[row, column] != 0 {
        majorant[row, column] = (steepest(row) * magnitude(row, column)).nextUp
      }
    }
    return bound(by: majorant)
  }

  /// An upper bound below 1 of the one-sided Lipschitz constant in a weighted maximum norm, or nil.
  private var maximumNorm: Double? {
    var majorant = Matrix<Double>(rows: size, columns: size)
    for row in 0..<size {
      for column in 0..<size where middle[row, column] != 0 || radius[row, column] != 0 {
        if row == column {
          majorant[row, row] = steepestDiagonal(row)
        } else {
          majorant[row, column] = (steepest(row) * magnitude(row, column)).nextUp
        }
      }
    }
    return bound(by: majorant).map { max(0, $0) }
  }

  /// An upper bound of s w_ii, with |s| for the other entries of the row.
  ///
  /// Slopes s ≥ 0 are a common factor of the row, so that only a positive sum matters, and the steepest slope most.
  private func steepestDiagonal(_ row: Int) -> Double {
    let (lower, upper) = (slopes[row].lowerBound, slopes[row].upperBound)
    let w = ((middle[row, row] - radius[row, row]).nextDown, (middle[row, row] + radius[row, row]).nextUp)
    guard lower < 0 else { return (upper * w.1).nextUp }
    return [lower * w.0, lower * w.1, upper * w.0, upper * w.1].max()!.nextUp
  }

  /// An upper bound below 1 of the largest real part of M's eigenvalues, for a matrix that is not negative off the
  /// diagonal; nil where no bound below 1 is proved.
  ///
  /// Where it is, d = (I − M)⁻¹ 1 is positive, and M d = d − 1 < d. A power iteration from there tightens the bound.
  private func bound(by M: Matrix<Double>) -> Double? {
    guard M.isFinite else { return nil }
    var shifted = Matrix(rows: size, columns: size, elements: M.elements.map { -$0 })
    for index in 0..<size { shifted[index, index] += 1 }
    let factors = LUFactorization(shifted)
    var d = factors.solve([Double](repeating: 1, count: size))
    var best = largestRatio(of: M, d)
    guard best < 1 else { return nil }
    let shift = (0..<size).map { -min(0, M[$0, $0]) }.max() ?? 0
    for _ in 0..<200 {
      let image = M.rowArrays.map { row in zip(row, d).reduce(0) { $0 + $1.0 * $1.1 } }
      let next = zip(image, d).map { $0 + (shift + 1e-9) * $1 }
      let largest = next.max() ?? 0
      guard largest > 0, largest.isFinite else { break }
      // A small multiple of ones keeps d positive where M is reducible; any positive d gives a bound.
      d = next.map { $0 / largest + 1e-9 }
      let ratio = largestRatio(of: M, d)
      let isSettled = ratio > best * (1 - 1e-12) && ratio <= best
      best = min(best, ratio)
      if isSettled { break }
    }
    return best
  }

  /// W with a factor for each row or column, enclosed.
  private func weighted(_ factor: (_ row: Int, _ column: Int) -> Double) -> Enclosure {
    var result = Enclosure(middle: middle, radius: radius)
    for row in 0..<size {
      for column in 0..<size where middle[row, column] != 0 || radius[row, column] != 0 {
        result.scale(row, column, by: factor(row, column))
      }
    }
    return result
  }

  /// An upper bound below 1 of `‖D A D⁻¹‖₂`, or nil.
  private func contraction(_ A: Enclosure, _ d: [Double]) -> Double? {
    let scaled = A.scaled(by: d)
    let bound = spectralNormBound(scaled.middle, radius: scaled.radius)
    return bound < 1 ? bound : nil
  }

  /// A lower bound above 0 of the symmetric part of `I − D A D⁻¹`, or nil.
  private func monotonicity(_ A: Enclosure, _ d: [Double]) -> Double? {
    let scaled = A.scaled(by: d)
    let bound = monotonicityBound(scaled.middle, radius: scaled.radius)
    return bound > 0 ? bound : nil
  }
}

/// A matrix whose entries are known up to a radius each.
struct Enclosure {
  var middle: Matrix<Double>
  var radius: Matrix<Double>

  /// Multiplies an entry by a number that may be rounded itself; the radius covers this and the product's rounding.
  mutating func scale(_ row: Int, _ column: Int, by factor: Double) {
    middle[row, column] *= factor
    let rounding = 0x1p-51 * abs(middle[row, column]) + 0x1p-1000
    radius[row, column] = (radius[row, column] * abs(factor) * (1 + 0x1p-50) + rounding).nextUp
  }

  /// D A D⁻¹.
  func scaled(by d: [Double]) -> Enclosure {
    guard d.contains(where: { $0 != 1 }) else { return self }
    var result = self
    for row in 0..<middle.rows {
      for column in 0..<middle.columns where middle[row, column] != 0 || radius[row, column] != 0 {
        result.scale(row, column, by: d[row])
        result.scale(row, column, by: 1 / d[column])
      }
    }
    return result
  }
}
