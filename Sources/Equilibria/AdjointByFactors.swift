import Blocks
import FixedPoints
import LinearAlgebra

/// The factors of M⁻¹·(I − J)·M for one sample, with a diagonal M that brings the coordinates to one scale.
struct BalancedFactors<S: Scalar>: Sendable {
  let factors: LUFactorization<S>
  let scales: [S]

  /// The solution d of `(I − J) d = r`.
  func solve(_ r: ArraySlice<S>) -> [S] {
    let solution = factors.solve(zip(r, scales).map { $0 / $1 })
    return zip(solution, scales).map { $0 * $1 }
  }

  /// The solution g of `(I − Jᵀ) g = e`.
  func solveTransposed(_ e: ArraySlice<S>) -> [S] {
    let solution = factors.solve(zip(e, scales).map { $0 * $1 }, transposed: true)
    return zip(solution, scales).map { $0 / $1 }
  }
}

extension GroupDerivative {
  /// How many evaluations the factors of I − J may cost before an iteration is preferred.
  private static var affordablePrice: Double { 12 }
  /// The number of refinements of a solution (Higham 2002, "Accuracy and Stability of Numerical Algorithms", chapter
  /// 12).
  private static var refinements: Int { 2 }

  /// The solution of `g = Jᵀ g + e` by the factors of I − J: those that judged the equilibrium where they are known,
  /// otherwise those of an explicit Jacobian where that costs less than an iteration. Nil without factors.
  ///
  /// A sample whose solution does not satisfy the rule after two refinements counts as out of iterations.
  func solutionByFactors(
    adding e: Matrix<S>, known: [BalancedFactors<S>?], until rule: StoppingRule
  ) -> FixedPointSolution<S>? {
    guard let (factors, cost) = known.allSatisfy({ $0 != nil }) ? (known, 0) : writtenFactors() else {
      return nil
    }
    var outcomes = [SampleOutcome](
      repeating: SampleOutcome(reason: .outOfIterations, iterations: 0, residual: .infinity), count: batch)
    var g = Matrix<S>(rows: batch, columns: e.columns)
    for row in 0..<batch {
      if let own = factors[row] { g.replaceRow(row, with: own.solveTransposed(e.row(row))) }
    }
    var solution = FixedPointSolution(
      state: g, samples: outcomes, iterations: 0, evaluations: cost, trace: ResidualTrace(), solver: "lu")
    var best = [Double](repeating: .infinity, count: batch)
    let parts = iterated.map { blocks[$0].size }
    for round in 0...Self.refinements where best.contains(where: { $0 > rule.polishedShare }) {
      let value = pullBack(g, adding: e)
      let weights = magnitudes(of: g, adding: e)
      solution.evaluations += 1
      for row in 0..<batch where factors[row] != nil {
        let (own, image) = (Array(g.row(row)), Array(value.row(row)))
        let share = rule.share(
          ofResidualAt: own, value: image, magnitudes: Array(weights.row(row)), parts: parts)
        if share < best[row] {
          best[row] = share
          outcomes[row].residual = Double((zip(image, own).map { abs($0 - $1) }.max() ?? 0))
          outcomes[row].iterations = round
          solution.state.replaceRow(row, with: own)
        }
        let rest = zip(image, own).map { $0 - $1 }
        let correction = factors[row]!.solveTransposed(rest[...])
        g.replaceRow(row, with: zip(solution.state.row(row), correction).map { $0 + $1 })
      }
    }
    for row in 0..<batch where best[row] <= 1 { outcomes[row].reason = .converged }
    solution.samples = outcomes
    solution.iterations = outcomes.map(\.iterations).max() ?? 0
    solution.trace.record(iteration: solution.iterations, residual: outcomes.map(\.residual).max() ?? 0)
    return solution
  }

  /// The factors of each sample's Jacobian, and their cost in evaluations; nil where an iteration costs less.
  private func writtenFactors() -> (factors: [BalancedFactors<S>?], evaluations: Int)? {
    guard let jacobian = GroupJacobian(of: self), price(of: jacobian) <= Self.affordablePrice else {
      return nil
    }
    var evaluations = 0
    let factors = (0..<batch).map { row -> BalancedFactors<S>? in
      let (J, cost) = jacobian.matrix { slopes(of: $0, row: row) }
      evaluations = max(evaluations, cost)
      let scales = [S](repeating: 1, count: J.rows)
      return balancedFactors(of: J, scales: scales).map { BalancedFactors(factors: $0, scales: scales) }
    }
    return (factors, evaluations)
  }

  /// The slopes of a member that acts elementwise, for one of the samples.
  func slopes(of place: Int, row: Int) -> [S] {
    let port = ports[place][0].selectingRows([row])
    let ones = Matrix<S>(rows: 1, columns: port.columns, repeating: 1)
    return blocks[place].portCotangents(ones, at: [port])[0].elements
  }

  /// The cost of a Jacobian and the factors of I − J for a sample, in evaluations: the entries, and N³/3
  /// multiplications, which run four times as fast as those of a product with one vector.
  func price(of jacobian: GroupJacobian<S>) -> Double {
    let order = Double(jacobian.order)
    let factors = order * order * order / 3 / (batch == 1 ? 4 : 1)
    let evaluation = Double(
      16 * jacobian.order + (multiplications + 4_000 * blocks.count) / max(1, batch))
    return jacobian.price + factors / evaluation
  }
}
