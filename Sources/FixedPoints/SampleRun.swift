import LinearAlgebra

/// One sample's part of a solve: its method, its counters, its answer so far and its outcome.
///
/// The method iterates in balanced coordinates (`Balance`); everything that is handed on, or judged by the rule, is in
/// the state's own.
struct SampleRun<Method: SampleMethod> {
  typealias S = Method.S

  private enum Phase {
    case iterating, probing, finishing
    /// At a candidate with coordinates set to 0; the iteration goes on after this evaluation if it is none.
    case tryingZero(before: Evaluation<S>)
  }

  /// Where the transition is to be evaluated next; the final state once there is an outcome.
  private(set) var point: [S]
  /// Why the sample stopped; nil while it goes on.
  private(set) var outcome: SampleOutcome?
  /// The residual of the latest iterate measured; once there is an outcome, of the returned state.
  private(set) var residual = Double.infinity
  /// The number of updates before the latest iterate measured.
  private(set) var measuredIteration = 0

  private let makeMethod: () -> Method
  private var method: Method
  private var phase = Phase.iterating
  private var iterations = 0
  private var first: Evaluation<S>?
  private var latest: Evaluation<S>
  private var answer: Evaluation<S>?
  private var answerResidual = Double.infinity
  private var magnitudes: [S]?
  private var balance = Balance<S>()
  private var scale: ProblemScale?
  private var acceptance: Acceptance<S>?
  private var zero: ZeroCandidate<S>?
  private var cycles = CycleDetector<S>()
  private var growth = GrowthRecord(precision: S.self)
  private var ratio = SpectralRadiusEstimator(precision: S.self)
  private var sensitivity = SensitivityRecord<S>()

  init(start: [S], method: @escaping () -> Method) {
    point = start
    makeMethod = method
    self.method = method()
    latest = Evaluation(point: [], value: [])
  }

  /// Takes the transition's value at `point`.
  ///
  /// - Returns: Whether the magnitudes at `point` should be known before the sample goes on: at the start, where it may
  ///   have converged, and now and then.
  mutating func receive(_ value: [S], rule: StoppingRule) -> Bool {
    latest = Evaluation(point: point, value: value)
    guard latest.isFinite, !rule.isExact, acceptance == nil else { return false }
    switch phase {
    case .probing, .finishing: return false
    case .tryingZero: return true
    case .iterating:
      let isDue = iterations.isMultiple(of: 16) || iterations == 4 || iterations == 8
      return magnitudes == nil || isDue || rule.share(of: latest, magnitudes: magnitudes) <= 1
    }
  }

  /// Takes the magnitudes of what each coordinate adds up at `point`.
  mutating func learn(_ numbers: [S]) {
    let known = numbers.indices.map { index in
      numbers[index].isFinite ? max(numbers[index], abs(point[index])) : abs(point[index])
    }
    let isFirst = magnitudes == nil
    magnitudes = known
    guard method.kind == .accelerated, case .iterating = phase, isFirst || balance.isOutgrown(by: known)
    else { return }
    balance = Balance(magnitudes: known)
    if !isFirst {
      method = makeMethod()
      sensitivity.forget()
      if let answer { answerResidual = balance.balanced(answer).residual }
      scale = first.map { ProblemScale(start: balance.balanced($0), kind: method.kind) }
    }
  }

  /// Moves on to the next point, or to an outcome.
  mutating func advance(rule: StoppingRule) {
    switch phase {
    case .probing: propose(after: balance.balanced(latest), rule: rule)
    case .finishing: concludeAtValue(rule: rule)
    case .tryingZero(let before):
      if rule.share(of: latest, magnitudes: magnitudes) <= 1 {
        answer = latest
        return finish(.converged)
      }
      phase = .iterating
      propose(after: balance.balanced(before), rule: rule)
    case .iterating:
      let balanced = balance.balanced(latest)
      measure(balanced, rule: rule)
      guard outcome == nil, case .iterating = phase else { return }
      if acceptance == nil, !rule.isExact,
        let candidate = zero?.candidate(for: latest.point, iteration: iterations)
      {
        (point, phase) = (candidate, .tryingZero(before: latest))
        return
      }
      propose(after: balanced, rule: rule)
    }
  }
}

extension SampleRun {
  /// Goes where the method wants to go. On nilpotent structure iteration ends whatever the iterates are before: blocks
  /// that divide by what is not right yet may hold NaN until it is (Theory, "The theorem").
  private mutating func propose(after evaluation: Evaluation<S>, rule: StoppingRule) {
    let isBlind = rule.isExact && method.kind == .plain && !evaluation.isFinite
    let proposal =
      isBlind
      ? Proposal.iterate(evaluation.value)
      : method.proposal(after: evaluation, limit: scale?.limit ?? .infinity)
    switch proposal {
    case .iterate(let next):
      guard iterations < rule.maximumIterations else { return stop(reasonAtLimit, rule: rule) }
      iterations += 1
      (point, phase) = (balance.restored(next), .iterating)
    case .retry(let next): (point, phase) = (balance.restored(next), .iterating)
    case .probe(let next):
      // A polish is to cost an evaluation at a time.
      guard acceptance == nil else { return conclude(rule: rule) }
      (point, phase) = (balance.restored(next), .probing)
    case .failure(.notFinite): stop(growth.hasRunOff ? .diverging : .notFinite, rule: rule)
    case .failure(let reason): stop(reason, rule: rule)
    }
  }

  /// Looks at an iterate: keeps it as the answer where it is one, tests it, and gathers evidence.
  private mutating func measure(_ balanced: Evaluation<S>, rule: StoppingRule) {
    residual = latest.residual
    measuredIteration = iterations
    if first == nil {
      first = latest
      let size = max(largestMagnitude(latest.point[...]), largestMagnitude(latest.value[...]))
      zero = ZeroCandidate(magnitudes: magnitudes, size: size, count: point.count)
    }
    let share = rule.share(of: latest, magnitudes: magnitudes)
    let magnitude = Double(largestMagnitude(balanced.point[...]))
    var scale = self.scale ?? ProblemScale(start: balanced, kind: method.kind)
    scale.observe(residual: balanced.residual, magnitude: magnitude)
    self.scale = scale
    if !rule.isExact {
      sensitivity.observe(balanced, tolerance: share > 0 ? balanced.residual / share : 0)
    }
    let isTrusted = scale.trusts(residual: balanced.residual, magnitude: magnitude)
    if acceptance != nil || (share <= 1 && isTrusted) {
      return accept(share: isTrusted ? share : .infinity, rule: rule)
    }
    if method.kind != .accelerated || balanced.residual <= answerResidual {
      (answer, answerResidual) = (latest, balanced.residual)
    }
    guard latest.isFinite else { return }
    growth.observe(
      iteration: iterations, residual: residual, magnitude: Double(largestMagnitude(latest.point[...])))
    guard method.kind != .accelerated else { return }
    ratio.observe(residual: residual, magnitude: magnitude)
    if let period = cycles.period(after: latest) { finish(.oscillating(period: period)) }
  }

  /// Takes an iterate within the tolerance, or one after such, and ends the polish where it is done.
  private mutating func accept(share: Double, rule: StoppingRule) {
    var acceptance = self.acceptance ?? Acceptance(best: latest, share: share)
    acceptance.observe(latest, share: share)
    self.acceptance = acceptance
    if method.kind == .plain || acceptance.isDone(polishedShare: rule.polishedShare) { conclude(rule: rule) }
  }

  /// Ends with the accepted state, or goes on to one last application of the transition: what is handed on is a value
  /// of it, whose coordinates lie where the transition's do, as those of a combination of iterates may not.
  private mutating func conclude(rule: StoppingRule) {
    guard let acceptance else { return }
    answer = acceptance.best
    if method.kind == .plain || acceptance.best.residual == 0 || iterations >= rule.maximumIterations {
      ratio.observe(
        residual: acceptance.best.residual,
        magnitude: Double(largestMagnitude(acceptance.best.point[...])))
      return finish(.converged)
    }
    iterations += 1
    (point, phase) = (acceptance.best.value, .finishing)
  }

  /// Takes f(z) for the answer, unless its own residual says that the gain of f has spoilt it.
  private mutating func concludeAtValue(rule: StoppingRule) {
    guard let acceptance else { return }
    measuredIteration = iterations
    let share = rule.share(of: latest, magnitudes: magnitudes)
    let rounding = min(1, 8 * Double(S.ulpOfOne) / rule.relativeTolerance)
    if share <= max(acceptance.share, rounding) { answer = latest }
    finish(.converged)
  }

  /// The reason to give where all iterations are used up.
  private var reasonAtLimit: StopReason {
    method.suspicion ?? (growth.isGrowing ? .diverging : .outOfIterations)
  }

  /// Ends an iteration that cannot go on: with what has been accepted, if anything has.
  private mutating func stop(_ reason: StopReason, rule: StoppingRule) {
    if acceptance == nil { finish(reason) } else { conclude(rule: rule) }
  }

  private mutating func finish(_ reason: StopReason) {
    if let answer { (point, residual) = (answer.point, answer.residual) }
    outcome = SampleOutcome(
      reason: reason, iterations: iterations, residual: residual,
      // The residuals of an orbit that goes elsewhere say nothing of J at an equilibrium.
      spectralRadiusEstimate: method.kind == .plain && reason == .converged ? ratio.estimate : nil,
      sensitivity: sensitivity.estimate)
  }
}

/// The best of the iterates that the rule accepts, while a method polishes it.
private struct Acceptance<S: Scalar>: Sendable {
  /// How many updates in succession may leave more than half of the residual.
  private static var patience: Int { 2 }

  private(set) var best: Evaluation<S>
  /// Its residual as a share of the tolerance.
  private(set) var share: Double
  private var idle = -1

  init(best: Evaluation<S>, share: Double) {
    (self.best, self.share) = (best, share)
  }

  mutating func observe(_ evaluation: Evaluation<S>, share: Double) {
    idle = share <= self.share / 2 ? 0 : idle + 1
    if share < self.share { (best, self.share) = (evaluation, share) }
  }

  func isDone(polishedShare: Double) -> Bool { share <= polishedShare || idle >= Self.patience }
}
