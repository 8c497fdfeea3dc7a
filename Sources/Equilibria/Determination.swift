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
  /// The largest error of a coordinate relative to its magnitude.
  let error: Double
  /// Whether I − J is regular throughout the error that rounding leaves.
  let isRegular: Bool
  /// Whether that error is too large for the state to count as an equilibrium where I − J may become singular.
  let isCoarse: Bool
  /// The factors of I − J.
  let factors: BalancedFactors<S>
}

/// The result of judging a solution, and its cost.
struct Judgement<S: Scalar> {
  /// The factors of I − J, for the samples that were judged by them.
  var factors: [BalancedFactors<S>?]
  /// Evaluations of the transition, the Jacobian's included.
  var evaluations = 0
}

extension GroupTransition {
  /// The order up to which every solution is judged by its factorised I − J; this costs about as much as the solve.
  static var alwaysJudgedOrder: Int { 32 }
  /// The order up to which a solution is judged if its iteration indicates that I − J is nearly singular.
  static var judgedOrder: Int { 1024 }

  /// Judges the converged samples of a solution, and records the result in their outcomes.
  ///
  /// - Parameters:
  ///   - state: The group's values, `[batch, N]`, a row for each of `outcomes`.
  ///   - last: The last evaluation, which is reused; it becomes that at the given state.
  @discardableResult
  func judge(
    _ outcomes: inout [SampleOutcome], at state: Matrix<S>, knowing last: LastEvaluation<S> = LastEvaluation()
  ) -> Judgement<S> {
    var judgement = Judgement(factors: [BalancedFactors<S>?](repeating: nil, count: outcomes.count))
    var rows: [Int] = []
    for row in outcomes.indices where outcomes[row].reason == .converged {
      let sensitivity = outcomes[row].sensitivity ?? 0
      // Half of all digits are lost.
      let isSuspect = sensitivity * Double(S.ulpOfOne) >= Double(S.ulpOfOne.squareRoot())
      if state.columns <= (isSuspect ? Self.judgedOrder : Self.alwaysJudgedOrder) {
        rows.append(row)
      } else {
        outcomes[row].take(sensitivity: sensitivity, isSuspect: isSuspect, precision: S.self)
      }
    }
    guard !rows.isEmpty else { return judgement }
    let part = rows.count == outcomes.count ? self : selecting(rows)
    let own = rows.count == outcomes.count ? last : LastEvaluation()
    let (all, evaluations) = part.determinations(at: state.selectingRows(rows), knowing: own)
    judgement.evaluations = evaluations
    for (row, found) in zip(rows, all) {
      judgement.factors[row] = found?.factors
      outcomes[row].conditionEstimate = found?.condition
      outcomes[row].errorEstimate = found?.error
      outcomes[row].isDifferentiable = found?.isRegular ?? false
      if !(found?.isRegular ?? false), found?.isCoarse ?? true { outcomes[row].reason = .notDetermined }
    }
    return judgement
  }

  /// How far the equilibrium of each sample at `z`, `[batch, N]`, is determined, nil where I − J is singular to working
  /// precision; and the cost in evaluations.
  private func determinations(
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
      let scales = balancingScales(of: magnitudes.row(row))
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
    return Determination(
      condition: Double(rowSums(inverse).max() ?? 0), error: Double(error.max() ?? 0),
      isRegular: size < coarse / 8192
        || selecting([row]).staysRegular(
          within: zip(uncertainty, scales).map { $0 * $1 }, of: z.selectingRows([row]), J, inverse, scales),
      isCoarse: !(size <= coarse), factors: BalancedFactors(factors: factors, scales: scales))
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

/// The magnitudes, with 1 in place of 0, so that division by them is safe.
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
  /// Records what the iteration itself shows of I − J, where factors would cost too much.
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
