import FixedPoints
import LinearAlgebra
import Operators

// A small residual says that a state is an equilibrium of equations near the given ones; how near the state is to theirs
// is up to I − J. Where I − J is singular to rounding, a state may pass as an equilibrium of an equation that has none, as
// z = z + exp(−z) at 33, or a gradient be computed where there is none, as at a fold.

/// What a residual and rounding leave open of one sample's equilibrium.
struct Determination<S: Scalar> {
  /// ‖M⁻¹·|(I − J)⁻¹|·M‖∞ with the magnitudes M that coordinates add up.
  let condition: Double
  /// The largest error of a coordinate relative to its magnitude.
  let error: Double
  /// Whether I − J stays regular within the error that rounding leaves.
  let isRegular: Bool
  /// Whether that error is too large for the state to stand for an equilibrium where I − J does not stay regular.
  let isCoarse: Bool
}

extension GroupTransition {
  /// The order up to which every solution is judged by its factorised I − J: about what the solve itself costs.
  static var alwaysJudgedOrder: Int { 32 }
  /// The order up to which one is whose iteration says that I − J is nearly singular.
  static var judgedOrder: Int { 1024 }

  /// Judges the samples of a solution that have converged, and tells their outcomes.
  ///
  /// - Parameter state: The group's values, `[batch, N]`, a row for each of `outcomes`.
  func judge(_ outcomes: inout [SampleOutcome], at state: Matrix<S>) {
    var rows: [Int] = []
    for row in outcomes.indices where outcomes[row].reason == .converged {
      let sensitivity = outcomes[row].sensitivity ?? 0
      // Half of all digits lost.
      let isSuspect = sensitivity * Double(S.ulpOfOne) >= Double(S.ulpOfOne.squareRoot())
      if state.columns <= (isSuspect ? Self.judgedOrder : Self.alwaysJudgedOrder) {
        rows.append(row)
      } else {
        outcomes[row].take(sensitivity: sensitivity, isSuspect: isSuspect, precision: S.self)
      }
    }
    guard !rows.isEmpty else { return }
    for (row, found) in zip(rows, selecting(rows).determinations(at: state.selectingRows(rows))) {
      outcomes[row].conditionEstimate = found?.condition
      outcomes[row].errorEstimate = found?.error
      outcomes[row].isDifferentiable = found?.isRegular ?? false
      if !(found?.isRegular ?? false), found?.isCoarse ?? true { outcomes[row].reason = .notDetermined }
    }
  }

  /// What is open of the equilibrium of each sample at `z`, `[batch, N]`; nil where I − J is singular to working precision.
  func determinations(at z: Matrix<S>) -> [Determination<S>?] {
    let (value, derivative) = linearization(at: z)
    let magnitudes = magnitudes(at: z)
    // Some thousand rows at a time: products of that size cost least, and no memory to speak of.
    let share = max(1, 2048 / max(1, z.columns))
    var matrices: [Matrix<S>] = []
    return (0..<z.rows).map { row in
      if row.isMultiple(of: share) {
        matrices = derivative.matrices(ofSamples: Array(row..<min(row + share, z.rows)), order: z.columns)
      }
      let (J, scales) = (matrices[row % share], balancingScales(of: magnitudes.row(row)))
      let residual = zip(zip(value.row(row), z.row(row)), scales).map { abs($0.0 - $0.1) / $1 }
      return determination(ofSample: row, at: z, J, residual: residual, scales: scales)
    }
  }

  /// What is open of one sample's equilibrium, given its residual relative to the magnitudes.
  ///
  /// Rounding leaves the residual uncertain by t, and so z by δ = |(I − J)⁻¹|·t. If I − J changes between z and z ± δ by
  /// half of itself, it may as well be singular somewhere there (Kantorovich's condition for Newton's method, by which
  /// an equilibrium exists where the change is less).
  private func determination(
    ofSample row: Int, at z: Matrix<S>, _ J: Matrix<S>, residual: [S], scales: [S]
  ) -> Determination<S>? {
    guard J.isFinite, let inverse = inverseMagnitude(of: J, scales: scales) else { return nil }
    let unit = 2 * S.ulpOfOne
    // What is left of a residual by a coarser rule than rounding is no doubt about the equations.
    let rounding = residual.map { unit + min($0, 64 * S.ulpOfOne) }
    let error = product(inverse, residual.map { unit + $0 })
    let uncertainty = product(inverse, rounding)
    let size = Double(uncertainty.max() ?? 0)
    let coarse = 64 * Double(S.ulpOfOne).squareRoot()
    return Determination(
      condition: Double(rowSums(inverse).max() ?? 0), error: Double(error.max() ?? 0),
      isRegular: size < coarse / 8192
        || selecting([row]).staysRegular(
          within: zip(uncertainty, scales).map { $0 * $1 }, of: z.selectingRows([row]), J, inverse, scales),
      isCoarse: !(size <= coarse))
  }

  /// Whether I − J changes by less than half of itself between z and z ± δ, for the only sample.
  private func staysRegular(
    within uncertainty: [S], of z: Matrix<S>, _ J: Matrix<S>, _ inverse: Matrix<S>, _ scales: [S]
  ) -> Bool {
    [S(1), -1].allSatisfy { sign in
      var moved = z
      for index in uncertainty.indices { moved.elements[index] += sign * uncertainty[index] }
      let other = linearization(at: moved).derivative.matrix(ofSample: 0, order: z.columns)
      let change = Matrix.product(inverse, times: balanced(other - J, scales).magnitude)
      return (rowSums(change).max() ?? 0) < 0.5
    }
  }
}

/// The magnitudes, with 1 for those that are 0, so that they can be divided by.
func balancingScales<S: Scalar>(of magnitudes: ArraySlice<S>) -> [S] {
  magnitudes.map { $0 > 0 && $0.isFinite ? $0 : 1 }
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

/// |M⁻¹·(I − J)⁻¹·M|, or nil where I − J is singular to working precision.
@specialized(where S == Double)
@specialized(where S == Float)
private func inverseMagnitude<S: Scalar>(of J: Matrix<S>, scales: [S]) -> Matrix<S>? {
  guard let factors = balancedFactors(of: J, scales: scales) else { return nil }
  return factors.inverse.magnitude
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

extension SampleOutcome {
  /// Takes what the iteration itself says of I − J, where factors would cost too much.
  fileprivate mutating func take<S: Scalar>(sensitivity: Double, isSuspect: Bool, precision: S.Type) {
    guard sensitivity > 0 else { return }
    conditionEstimate = sensitivity
    errorEstimate = 2 * Double(S.ulpOfOne) * sensitivity
    if isSuspect, 8 * Double(S.ulpOfOne) * sensitivity >= 1 {
      reason = .notDetermined
      isDifferentiable = false
    }
  }
}
