import LinearAlgebra

/// One sample's part of a solve: its method, its counters, its answer so far and its outcome.
struct SampleRun<Method: SampleMethod> {
  typealias S = Method.S

  /// Where the transition is to be evaluated next; the final state once there is an outcome.
  private(set) var point: [S]
  /// Why the sample stopped; nil while it goes on.
  private(set) var outcome: SampleOutcome?
  /// The residual of the latest iterate measured; once there is an outcome, of the returned state.
  private(set) var residual = Double.infinity
  /// The number of updates before the latest iterate measured.
  private(set) var measuredIteration = 0

  private var method: Method
  private var iterations = 0
  private var isProbe = false
  private var answer: Evaluation<S>?
  private var scale: ProblemScale?
  private var cycles = CycleDetector<S>()
  private var growth = GrowthRecord(precision: S.self)
  private var ratio = SpectralRadiusEstimator(precision: S.self)

  init(start: [S], method: Method) {
    point = start
    self.method = method
  }

  /// Takes the transition's value at `point` and moves on to the next point, or to an outcome.
  mutating func receive(_ value: [S], rule: StoppingRule) {
    let evaluation = Evaluation(point: point, value: value)
    if !isProbe { measure(evaluation, rule: rule) }
    guard outcome == nil else { return }
    switch proposal(after: evaluation, rule: rule) {
    case .iterate(let next):
      guard iterations < rule.maximumIterations else { return finish(reasonAtLimit) }
      iterations += 1
      (point, isProbe) = (next, false)
    case .retry(let next): (point, isProbe) = (next, false)
    case .probe(let next): (point, isProbe) = (next, true)
    case .failure(.notFinite): finish(growth.hasRunOff ? .diverging : .notFinite)
    case .failure(let reason): finish(reason)
    }
  }

  /// Where to go on. On nilpotent structure iteration ends whatever the iterates are before: blocks that divide by what
  /// is not right yet may hold NaN until it is (Theory, "The theorem").
  private mutating func proposal(after evaluation: Evaluation<S>, rule: StoppingRule) -> Proposal<S> {
    if rule.isExact, case .plain = method.kind, !evaluation.isFinite { return .iterate(evaluation.value) }
    return method.proposal(after: evaluation, limit: scale?.limit ?? .infinity)
  }

  /// Looks at an iterate: keeps it as the answer where it is one, tests it, and gathers evidence.
  private mutating func measure(_ evaluation: Evaluation<S>, rule: StoppingRule) {
    residual = evaluation.residual
    measuredIteration = iterations
    let magnitude = Double(largestMagnitude(evaluation.point[...]))
    var scale = self.scale ?? ProblemScale(start: evaluation, kind: method.kind)
    scale.observe(residual: residual, magnitude: magnitude)
    self.scale = scale
    if rule.accepts(residual: residual, magnitude: magnitude),
      scale.trusts(residual: residual, magnitude: magnitude)
    {
      answer = evaluation
      ratio.observe(residual: residual, magnitude: magnitude)
      return finish(.converged)
    }
    if method.kind != .accelerated || residual <= answer?.residual ?? .infinity { answer = evaluation }
    guard evaluation.isFinite else { return }
    growth.observe(iteration: iterations, residual: residual, magnitude: magnitude)
    guard method.kind != .accelerated else { return }
    ratio.observe(residual: residual, magnitude: magnitude)
    if let period = cycles.period(after: evaluation) { finish(.oscillating(period: period)) }
  }

  /// The reason to give where all iterations are used up.
  private var reasonAtLimit: StopReason {
    method.suspicion ?? (growth.isGrowing ? .diverging : .outOfIterations)
  }

  private mutating func finish(_ reason: StopReason) {
    var radius: Double?
    if case .plain = method.kind, !reason.isCycle { radius = ratio.estimate }
    if let answer { (point, residual) = (answer.point, answer.residual) }
    outcome = SampleOutcome(
      reason: reason, iterations: iterations, residual: residual, spectralRadiusEstimate: radius)
  }
}

extension StopReason {
  /// Whether the iterates ended on a cycle, whose residuals say nothing of J at the fixed point.
  fileprivate var isCycle: Bool {
    if case .oscillating = self { true } else { false }
  }
}
