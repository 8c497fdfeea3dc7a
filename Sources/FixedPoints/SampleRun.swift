import LinearAlgebra

/// One sample's part of a solve: its method, its counters, its answer so far and its outcome.
///
/// The method iterates in balanced coordinates (`Balance`); everything that is returned, or judged by the rule, is in
/// the state's own coordinates.
struct SampleRun<Method: SampleMethod> {
  typealias S = Method.S

  enum Phase {
    case iterating, probing, finishing
    /// At an iterate, in balanced coordinates, where the method has requested the Jacobian.
    case differentiating
    /// At a candidate with coordinates set to 0; if it is no equilibrium, the iteration continues after this
    /// evaluation.
    case tryingZero(before: Evaluation<S>)
  }

  /// Where the transition is to be evaluated next; the final state once there is an outcome.
  private(set) var point: [S]
  /// Why the sample stopped; nil while it is running.
  private(set) var outcome: SampleOutcome?
  /// The residual of the latest iterate measured; once there is an outcome, of the returned state.
  private(set) var residual = Double.infinity
  /// The number of updates before the latest iterate measured.
  private(set) var measuredIteration = 0

  private let makeMethod: () -> Method
  let parts: [Int]
  private let handsOnValue: Bool
  var method: Method
  var phase = Phase.iterating
  private var iterations = 0
  private var first: Evaluation<S>?
  var latest: Evaluation<S>
  private var answer: Evaluation<S>?
  private var answerResidual = Double.infinity
  var magnitudes: [S]?
  var balance = Balance<S>()
  var scale: ProblemScale?
  var acceptance: Acceptance<S>?
  private var zero: ZeroCandidate<S>?
  private var cycles = CycleDetector<S>()
  private var growth = GrowthRecord(precision: S.self)
  private var ratio = SpectralRadiusEstimator(precision: S.self)
  private var sensitivity = SensitivityRecord<S>()
  private var forecast = Forecast()
  var following = FollowingRecord<S>()

  init(start: [S], parts: [Int], handsOnValue: Bool, method: @escaping () -> Method) {
    point = start
    self.handsOnValue = handsOnValue
    self.parts = parts
    makeMethod = method
    self.method = method()
    latest = Evaluation(point: [], value: [])
  }

  /// Receives the transition's value at `point`.
  ///
  /// - Returns: Whether the sample needs the magnitudes at `point` to continue: at the start, where it may have
  ///   converged, and at intervals.
  mutating func receive(_ value: [S], rule: StoppingRule) -> Bool {
    latest = Evaluation(point: point, value: value)
    guard latest.isFinite, !rule.isExact else { return false }
    // After acceptance they are known, but where f moves by more than rounding of the state, they may be others here.
    let isMoved = latest.residual > rule.relativeTolerance * Double(largestMagnitude(point[...]))
    switch phase {
    case .probing, .differentiating: return false
    case .finishing: return isMoved
    case .tryingZero: return true
    case .iterating:
      guard acceptance == nil else { return isMoved }
      let isDue = iterations.isMultiple(of: 16) || iterations == 4 || iterations == 8
      return magnitudes == nil || isDue || share(by: rule) <= 1
    }
  }

  /// Receives the magnitudes that each coordinate adds up at `point`.
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
    case .differentiating: preconditionFailure("an evaluation in the place of a Jacobian")
    case .probing: propose(after: balance.balanced(latest), rule: rule)
    case .finishing:
      concludeAtValue(rule: rule)
      if outcome == nil { advance(rule: rule) }
    case .tryingZero(let before):
      if share(by: rule) <= 1 {
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
  /// Moves to the method's next point. On nilpotent structure iteration ends whatever the earlier iterates are: blocks
  /// that divide by a value not yet correct may hold NaN until it is (Theory, "The theorem").
  private mutating func propose(after evaluation: Evaluation<S>, rule: StoppingRule) {
    let isBlind = rule.isExact && method.kind == .plain && !evaluation.isFinite
    let proposal =
      isBlind
      ? Proposal.iterate(evaluation.value)
      : method.proposal(after: evaluation, limit: scale?.limit ?? .infinity)
    take(proposal, rule: rule)
  }

  mutating func take(_ proposal: Proposal<S>, rule: StoppingRule) {
    switch proposal {
    case .derivative:
      guard acceptance == nil else { return conclude(rule: rule) }
      phase = .differentiating
    case .iterate(let next):
      guard iterations < rule.maximumIterations else { return stop(reasonAtLimit, rule: rule) }
      iterations += 1
      (point, phase) = (balance.restored(next), .iterating)
    case .retry(let next): (point, phase) = (balance.restored(next), .iterating)
    case .probe(let next):
      // After acceptance, each further update may cost one evaluation only.
      guard acceptance == nil else { return conclude(rule: rule) }
      (point, phase) = (balance.restored(next), .probing)
    case .failure(.notFinite): stop(growth.hasRunOff ? .diverging : .notFinite, rule: rule)
    case .failure(let reason): stop(reason, rule: rule)
    }
  }

  /// Examines an iterate: tests it, keeps it as the answer where it is one, and gathers evidence.
  private mutating func measure(_ balanced: Evaluation<S>, rule: StoppingRule) {
    residual = latest.residual
    measuredIteration = iterations
    if first == nil {
      first = latest
      let size = max(largestMagnitude(latest.point[...]), largestMagnitude(latest.value[...]))
      zero = ZeroCandidate(magnitudes: magnitudes, size: size, count: point.count)
    }
    let share = share(by: rule)
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
    forecast.observe(share: share)
    if let price = rule.newtonPrice, method.kind == .accelerated,
      forecast.prefersNewton(price: price, relativeTolerance: rule.relativeTolerance)
    {
      finish(.outOfIterations)
      outcome?.isHandedOver = true
      return
    }
    growth.observe(
      iteration: iterations, residual: residual, magnitude: Double(largestMagnitude(latest.point[...])))
    guard method.kind != .accelerated else { return }
    ratio.observe(residual: residual, magnitude: magnitude)
    if let period = cycles.period(after: latest) { finish(.oscillating(period: period)) }
  }

  /// Records an iterate within the tolerance, or a later one, and ends the sample once further updates do not help.
  private mutating func accept(share: Double, rule: StoppingRule) {
    var acceptance = self.acceptance ?? Acceptance(best: latest, share: share)
    acceptance.observe(latest, share: share)
    self.acceptance = acceptance
    if method.kind == .plain || acceptance.isDone(polishedShare: rule.polishedShare) { conclude(rule: rule) }
  }

  /// Ends with the accepted state, or with one last application of the transition: the result then lies in the
  /// transition's range, which a combination of iterates may leave.
  private mutating func conclude(rule: StoppingRule) {
    guard let acceptance else { return }
    answer = acceptance.best
    let isLast = !handsOnValue || method.kind == .plain && following.isEmpty
    if isLast || acceptance.best.residual == 0 || iterations >= rule.maximumIterations {
      ratio.observe(
        residual: acceptance.best.residual,
        magnitude: Double(largestMagnitude(acceptance.best.point[...])))
      return finish(.converged)
    }
    iterations += 1
    (point, phase) = (acceptance.best.value, .finishing)
  }

  /// Returns f(z) as the answer, unless its own residual shows that the gain of f has made it worse.
  private mutating func concludeAtValue(rule: StoppingRule) {
    guard let acceptance else { return }
    measuredIteration = iterations
    let share = share(by: rule)
    // A large gain of f may move f(z) out of the rounding that z is within; then z is the answer.
    let isRounding = isWithinRounding(latest, by: rule) || isWithinRounding(acceptance.best, by: rule)
    if following.isOpen(by: rule), !isRounding {
      (self.acceptance, phase) = (nil, .iterating)
      return
    }
    let rounding = min(1, 8 * Double(S.ulpOfOne) / rule.relativeTolerance)
    if share <= max(acceptance.share, rounding) { answer = latest }
    finish(.converged)
  }

  /// The reason to report where all updates are used up.
  private var reasonAtLimit: StopReason {
    method.suspicion ?? (growth.isGrowing ? .diverging : .outOfIterations)
  }

  /// Ends an iteration that cannot continue, with the accepted state if there is one.
  private mutating func stop(_ reason: StopReason, rule: StoppingRule) {
    if acceptance == nil { finish(reason) } else { conclude(rule: rule) }
  }

  private mutating func finish(_ reason: StopReason) {
    if let answer { (point, residual) = (answer.point, answer.residual) }
    outcome = SampleOutcome(
      reason: reason, iterations: iterations, residual: residual,
      // The residuals of an orbit that does not converge say nothing about J at an equilibrium.
      spectralRadiusEstimate: method.kind == .plain && reason == .converged ? ratio.estimate : nil,
      sensitivity: sensitivity.estimate)
  }
}
