import FixedPoints
import LinearAlgebra

/// The result of judging a solution, and its cost.
struct Judgement<S: Scalar> {
  /// How far each sample's equilibrium is determined, where that was judged by factors.
  var determinations: [Determination<S>?]
  /// Evaluations of the transition, the Jacobian's included, without those of the probe.
  var evaluations = 0
  /// Products with Jᵀ that probed I − J.
  var probeProducts = 0

  /// The factors of I − J, for the samples that were judged by them.
  var factors: [BalancedFactors<S>?] { determinations.map { $0?.factors } }
}

extension GroupTransition {
  /// The order up to which every solution is judged by its factorised I − J; this costs about as much as the solve.
  static var alwaysJudgedOrder: Int { 32 }
  /// The order up to which a solution is judged by factors if a probe indicates that I − J is nearly singular.
  static var judgedOrder: Int { 1024 }

  /// The price of a Jacobian and its factors, in evaluations, up to which factors judge larger groups as well: a probe
  /// takes more, and an adjoint uses the factors.
  private static var lowPrice: Double { 4 }

  /// Whether factors cost less than a probe.
  private var hasCheapFactors: Bool {
    let derivative = derivative(at: [])
    guard let jacobian = GroupJacobian(of: derivative), jacobian.order <= Self.judgedOrder else {
      return false
    }
    return derivative.price(of: jacobian) <= Self.lowPrice
  }

  /// Judges the converged samples of a solution, and records the result in their outcomes.
  ///
  /// - Parameters:
  ///   - state: The group's values, `[batch, N]`, a row for each of `outcomes`.
  ///   - last: The last evaluation, which is reused; it becomes that at the given state.
  @discardableResult
  func judge(
    _ outcomes: inout [SampleOutcome], at state: Matrix<S>, knowing last: LastEvaluation<S> = LastEvaluation()
  ) -> Judgement<S> {
    var judgement = Judgement(determinations: [Determination<S>?](repeating: nil, count: outcomes.count))
    var rows = outcomes.indices.filter { outcomes[$0].reason == .converged }
    if state.columns > Self.alwaysJudgedOrder, !hasCheapFactors, !rows.isEmpty {
      probe(&outcomes, rows, at: state, knowing: last, into: &judgement)
      rows = rows.filter { outcomes[$0].conditionEstimate == nil }
    }
    judgement.evaluations += factorize(&outcomes, rows, at: state, knowing: last, into: &judgement)
    return judgement
  }

  /// Judges some of the samples by their factorised I − J, and returns the cost in evaluations.
  private func factorize(
    _ outcomes: inout [SampleOutcome], _ rows: [Int], at state: Matrix<S>, knowing last: LastEvaluation<S>,
    into judgement: inout Judgement<S>
  ) -> Int {
    guard !rows.isEmpty else { return 0 }
    let part = rows.count == outcomes.count ? self : selecting(rows)
    let own = rows.count == outcomes.count ? last : LastEvaluation()
    let (all, evaluations) = part.determinations(at: state.selectingRows(rows), knowing: own)
    for (row, found) in zip(rows, all) {
      judgement.determinations[row] = found
      outcomes[row].take(found)
    }
    return evaluations
  }

  /// Probes I − J of some of the samples, whose order is too large for factors of all. Samples that factors must judge
  /// are left without a condition.
  private func probe(
    _ outcomes: inout [SampleOutcome], _ rows: [Int], at state: Matrix<S>, knowing last: LastEvaluation<S>,
    into judgement: inout Judgement<S>
  ) {
    if last.sweep == nil || last.state != state {
      let (value, sweep) = evaluation(at: state)
      (last.state, last.value, last.sweep) = (state, value, sweep)
      judgement.evaluations += 1
    }
    let all = derivative(at: last.sweep!.ports)
    let isAll = rows.count == outcomes.count
    let derivative = isAll ? all : all.selecting(rows)
    let magnitudes = (isAll ? self : selecting(rows)).magnitudes(at: state.selectingRows(rows))
    let (probes, products) = derivative.conditionProbes(relativeTo: magnitudes)
    for (row, probe) in zip(rows, probes) {
      let condition = max(probe.condition, outcomes[row].sensitivity ?? 0)
      // Half of all digits are lost, or a sixteenth of that, which one vector may show of it.
      let isSuspect = !probe.isSettled || 16 * condition >= 1 / Double(S.ulpOfOne).squareRoot()
      if !isSuspect || state.columns > Self.judgedOrder {
        outcomes[row].take(condition: probe.isSingular ? .infinity : condition, precision: S.self)
      }
    }
    judgement.probeProducts = products
  }
}

extension FixedPointSolution {
  /// Adds the cost of a judgement, and the probe as a stage.
  mutating func add(_ judgement: Judgement<S>) {
    evaluations += judgement.evaluations + judgement.probeProducts
    guard judgement.probeProducts > 0 else { return }
    var stage = SolveStage(
      self, reason: "by products with the transposed Jacobian, for the condition of I − J")
    (stage.solver, stage.iterations) = ("probe", 0)
    (stage.evaluations, stage.trace) = (judgement.probeProducts, ResidualTrace())
    stages.append(stage)
  }
}

extension SampleOutcome {
  /// Records what the factors of I − J say of a converged sample; nil where it is singular.
  mutating func take<S: Scalar>(_ found: Determination<S>?) {
    conditionEstimate = found?.condition
    errorEstimate = found?.error
    gradientErrorEstimate = found?.gradientError
    isDifferentiable = found?.isRegular ?? false
    if !isDifferentiable, found?.isCoarse ?? true { reason = .notDetermined }
  }

  /// Records a condition that was estimated without factors.
  fileprivate mutating func take<S: Scalar>(condition: Double, precision: S.Type) {
    conditionEstimate = condition
    errorEstimate = 2 * Double(S.ulpOfOne) * condition
    if 8 * Double(S.ulpOfOne) * condition >= 1 { (reason, isDifferentiable) = (.notDetermined, false) }
  }
}
