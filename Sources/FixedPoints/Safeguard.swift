import LinearAlgebra

/// Decides when an accelerated method must discard its history, and what it does instead.
///
/// Acceleration has no convergence guarantee: on a nilpotent transition of depth L, where plain iteration
/// ends after L updates, a method with a short memory may stagnate for ever. So a method that has not reduced
/// its best residual by a twentieth in `patience` iterates makes a run of plain steps z ← f(z) from its best
/// iterate, 8 at first and twice as many each time, and then restarts. Eventually a run is longer than L.
/// After values that are not finite the method restarts from its best iterate, with half the step each time.
struct Safeguard<S: Scalar>: Sendable {
  /// The action after an evaluation.
  enum Advice {
    /// Continue with the method itself.
    case accelerate
    /// Discard the history, and step to this evaluation's value.
    case plain(from: Evaluation<S>)
    /// Discard the history, and take a step of this length along this evaluation's difference.
    case restart(from: Evaluation<S>, length: S)
    /// There is no finite iterate to continue from.
    case giveUp
  }

  private static var patience: Int { 20 }
  private static var mostRestarts: Int { 8 }

  private var best: Evaluation<S>?
  private var reference = Double.infinity
  private var steps = 0
  private var runLength = 8
  private var plainSteps = 0
  private var restarts = 0
  private var restartLength: S = 1

  /// The action after the evaluation of the next iterate; every iterate must be passed in order.
  mutating func advice(after evaluation: Evaluation<S>) -> Advice {
    guard evaluation.isFinite else { return restart() }
    if evaluation.residual <= best?.residual ?? .infinity { best = evaluation }
    if plainSteps > 0 { return continueRun(from: evaluation) }
    steps += 1
    guard steps >= Self.patience, let best else { return .accelerate }
    steps = 0
    let hasImproved = best.residual <= 0.95 * reference
    reference = best.residual
    guard !hasImproved else { return .accelerate }
    plainSteps = runLength
    runLength *= 2
    return .plain(from: best)
  }

  /// One step of a run; at its end the method resumes here, or at the best iterate if the run increased the
  /// residual.
  private mutating func continueRun(from evaluation: Evaluation<S>) -> Advice {
    plainSteps -= 1
    if plainSteps > 0 { return .plain(from: evaluation) }
    guard let best, evaluation.residual > 2 * best.residual else { return .accelerate }
    return .restart(from: best, length: 1)
  }

  private mutating func restart() -> Advice {
    restarts += 1
    plainSteps = 0
    steps = 0
    guard let best, restarts <= Self.mostRestarts else { return .giveUp }
    defer { restartLength /= 2 }
    return .restart(from: best, length: restartLength)
  }
}
