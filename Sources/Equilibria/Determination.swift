import FixedPoints
import LinearAlgebra
import Operators

// A small residual shows that a state is an equilibrium of equations near the given ones; how near it is to an
// equilibrium of the given ones depends on I − J. Where I − J is singular within rounding, a state may pass as an
// equilibrium of an equation that has none, as z = z + exp(−z) at 33, or a gradient may be computed where none exists,
// as at a fold.

/// How far a residual and rounding leave one sample's equilibrium undetermined.
struct Determination<S: Scalar> {
  /// ‖M⁻¹·|(I − J)⁻¹|·M‖∞ with the magnitudes M that the coordinates add up.
  let condition: Double
  /// The largest error of a coordinate, relative to the largest value of the block that it belongs to.
  let error: Double
  /// The largest residual of a coordinate relative to its magnitude.
  let residual: Double
  /// The relative error of gradients by the uncertainty of I − J: its change within that of the state, and rounding of
  /// J. Nil where I − J is well-conditioned.
  let gradientError: Double?
  /// Whether I − J is regular throughout the error that rounding leaves.
  let isRegular: Bool
  /// Whether that error is too large for the state to count as an equilibrium where I − J may become singular.
  let isCoarse: Bool
  /// The factors of I − J.
  let factors: BalancedFactors<S>
}

extension GroupTransition {
  /// How far the equilibrium of each sample at `z`, `[batch, N]`, is determined, nil where I − J is singular to working
  /// precision; and the cost in evaluations.
  func determinations(
    at z: Matrix<S>, knowing last: LastEvaluation<S>
  ) -> (all: [Determination<S>?], evaluations: Int) {
    let isKnown = last.sweep != nil && last.state == z
    if !isKnown {
      let (value, sweep) = evaluation(at: z)
      (last.state, last.value, last.sweep) = (z, value, sweep)
    }
    let (value, derivative) = (last.value, derivative(at: last.sweep!.ports))
    let magnitudes = magnitudes(at: z)
    let before = isKnown ? 0 : 1
    var evaluations = before
    let jacobian = GroupJacobian(of: derivative)
    // About a thousand rows at a time: products of that size are the cheapest, and take little memory.
    let share = max(1, 2048 / max(1, z.columns))
    var matrices: [Matrix<S>] = []
    let all = (0..<z.rows).map { row -> Determination<S>? in
      if let jacobian {
        let (matrix, cost) = jacobian.matrix { derivative.slopes(of: $0, row: row) }
        evaluations = max(evaluations, before + cost)
        matrices = [matrix]
      } else if row.isMultiple(of: share) {
        matrices = derivative.matrices(ofSamples: Array(row..<min(row + share, z.rows)), order: z.columns)
        evaluations = before + z.columns
      }
      let J = matrices[jacobian == nil ? row % share : 0]
      let scales = balancingScales(of: magnitudes.row(row), J)
      let residual = zip(zip(value.row(row), z.row(row)), scales).map { abs($0.0 - $0.1) / $1 }
      return determination(ofSample: row, at: z, J, residual: residual, scales: scales)
    }
    return (all, evaluations)
  }

  /// How far one sample's equilibrium is determined, given its residual relative to the magnitudes.
  ///
  /// Rounding leaves the residual uncertain by t, and so z by δ = |(I − J)⁻¹|·t. If I − J changes by half of itself
  /// between z and z ± δ, it may be singular in between (Kantorovich's condition for Newton's method, under which an
  /// equilibrium exists where the change is less).
  private func determination(
    ofSample row: Int, at z: Matrix<S>, _ J: Matrix<S>, residual: [S], scales: [S]
  ) -> Determination<S>? {
    guard J.isFinite, let factors = balancedFactors(of: J, scales: scales) else { return nil }
    let inverse = factors.inverse.magnitude
    let unit = 2 * S.ulpOfOne
    // A residual that a rule coarser than rounding leaves does not make the equations doubtful.
    let rounding = residual.map { unit + min($0, 64 * S.ulpOfOne) }
    let error = product(inverse, residual.map { unit + $0 })
    let uncertainty = product(inverse, rounding)
    let size = Double(uncertainty.max() ?? 0)
    let coarse = 64 * Double(S.ulpOfOne).squareRoot()
    let condition = Double(rowSums(inverse).max() ?? 0)
    var change: Double?
    if size >= coarse / 8192 || condition >= 0x1p10 {
      change = selecting([row]).derivativeChange(
        within: zip(uncertainty, scales).map { $0 * $1 }, of: z.selectingRows([row]), J, inverse, scales)
    }
    return Determination(
      condition: condition, error: largestError(zip(error, scales).map { $0 * $1 }, of: Array(z.row(row))),
      residual: Double(residual.max() ?? 0),
      gradientError: change.map { $0 < 1 ? $0 / (1 - $0) + Double(unit) * condition : .infinity },
      isRegular: size < coarse / 8192 || change! < 0.5,
      isCoarse: !(size <= coarse), factors: BalancedFactors(factors: factors, scales: scales))
  }

  /// The largest of the errors of a state's coordinates, relative to the largest value of each block.
  private func largestError(_ errors: [S], of state: [S]) -> Double {
    var (largest, first) = (0.0, 0)
    for member in group.iterated {
      let part = first..<first + blocks[places[member]!].size
      let (size, error) = (largestMagnitude(state[part]), largestMagnitude(errors[part]))
      if error > 0, size > 0 { largest = max(largest, Double(error / size)) }
      first = part.upperBound
    }
    return largest
  }

  /// The change of I − J between z and z ± δ relative to itself, ‖|(I − J)⁻¹|·|ΔJ|‖∞, for the only sample; infinite
  /// where J is not finite.
  private func derivativeChange(
    within uncertainty: [S], of z: Matrix<S>, _ J: Matrix<S>, _ inverse: Matrix<S>, _ scales: [S]
  ) -> Double {
    [S(1), -1].reduce(0.0) { largest, sign in
      var moved = z
      for index in uncertainty.indices { moved.elements[index] += sign * uncertainty[index] }
      let other = linearization(at: moved).derivative.matrix(ofSample: 0, order: z.columns)
      let change = Matrix.product(inverse, times: balanced(other - J, scales).magnitude)
      let size = Double(rowSums(change).max() ?? 0)
      return size.isNaN ? .infinity : max(largest, size)
    }
  }
}

/// The magnitudes, with 1 in place of 0, so that division by them is safe.
func balancingScales<S: Scalar>(of magnitudes: ArraySlice<S>) -> [S] {
  magnitudes.map { $0 > 0 && $0.isFinite ? $0 : 1 }
}

/// The same for coordinates with the Jacobian J: a coordinate of magnitude 0, such as that of an inactive `relu`, takes
/// the largest scale at which no coordinate that reads it outweighs its own.
private func balancingScales<S: Scalar>(of magnitudes: ArraySlice<S>, _ J: Matrix<S>) -> [S] {
  var scales = balancingScales(of: magnitudes)
  for (column, magnitude) in magnitudes.enumerated() where magnitude == 0 {
    var scale = S.infinity
    for (row, own) in magnitudes.enumerated() where own > 0 && J[row, column] != 0 {
      scale = min(scale, own / abs(J[row, column]))
    }
    if scale > 0, scale.isFinite { scales[column] = scale }
  }
  return scales
}

/// M⁻¹·A·M.
@specialized(where S == Double)
@specialized(where S == Float)
private func balanced<S: Scalar>(_ A: Matrix<S>, _ scales: [S]) -> Matrix<S> {
  let order = A.columns
  var result = A
  result.elements.withUnsafeMutableBufferPointer { entries in
    for row in 0..<A.rows {
      for column in 0..<order { entries[row * order + column] *= scales[column] / scales[row] }
    }
  }
  return result
}

/// The factors of M⁻¹·(I − J)·M, or nil where it is singular to working precision.
@specialized(where S == Double)
@specialized(where S == Float)
func balancedFactors<S: Scalar>(of J: Matrix<S>, scales: [S]) -> LUFactorization<S>? {
  var A = balanced(J, scales)
  let order = A.rows
  A.elements.withUnsafeMutableBufferPointer { entries in
    for index in entries.indices { entries[index] = -entries[index] }
    for index in 0..<order { entries[index * order + index] += 1 }
  }
  guard A.isFinite else { return nil }
  let factors = LUFactorization(A)
  return factors.isSingular ? nil : factors
}

/// A·x.
@specialized(where S == Double)
@specialized(where S == Float)
private func product<S: Scalar>(_ A: Matrix<S>, _ x: [S]) -> [S] {
  (0..<A.rows).map { row in
    var sum: S = 0
    for column in x.indices { sum += A.elements[row * A.columns + column] * x[column] }
    return sum
  }
}

/// The sum of each row.
private func rowSums<S: Scalar>(_ A: Matrix<S>) -> [S] {
  product(A, [S](repeating: 1, count: A.columns))
}
