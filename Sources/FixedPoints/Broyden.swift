import LinearAlgebra

/// Broyden's (good) method for F(z) = f(z) − z = 0, with a limited memory.
///
/// z ← z − B·F(z), where B ≈ (J − I)⁻¹ starts at −I and is updated by
/// B ← B + (Δz − B·ΔF)·(Δzᵀ·B) / (Δzᵀ·B·ΔF), kept as −I + Σ u_i·v_iᵀ over the last updates, as in Bai, Kolter
/// & Koltun 2019, section 3.1.2. The first step is a Picard step. An iteration that stagnates or becomes
/// infinite or NaN continues with plain steps from its best iterate for a while.
///
/// Where a sample fails, the iterate with the smallest residual is returned.
public struct Broyden: FixedPointSolver {
  /// The number of rank-one updates kept; beyond it the oldest is dropped.
  public let memory: Int

  /// Broyden's method with `memory` ≥ 1.
  public init(memory: Int = 30) {
    precondition(memory >= 1, "Broyden's method without memory is Picard iteration")
    self.memory = memory
  }

  /// `broyden`.
  public var name: String { "broyden" }

  /// Iterates as described for the type; one call of the transition per update, and one more.
  ///
  /// - Complexity: O(N·memory) besides each call, and memory for 2·memory states and a few more.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    iterate(problem, from: start, until: rule, solver: name) {
      BroydenIteration<S>(inverse: LowRankInverse(memory: memory))
    }
  }
}

/// Broyden's method for one sample.
private struct BroydenIteration<S: Scalar>: SampleMethod {
  private var inverse: LowRankInverse<S>
  private var previous: Evaluation<S>?
  private var safeguard = Safeguard<S>()

  init(inverse: LowRankInverse<S>) {
    self.inverse = inverse
  }

  var kind: IterationKind { .accelerated }

  mutating func proposal(after evaluation: Evaluation<S>, limit: Double) -> Proposal<S> {
    switch safeguard.advice(after: evaluation) {
    case .giveUp: return .failure(.notFinite)
    case .plain(let base):
      forget(upTo: nil)
      return .iterate(base.value)
    case .restart(let base, let length):
      forget(upTo: base)
      return .iterate(moved(base.point, by: length, along: base.difference))
    case .accelerate:
      let difference = evaluation.difference
      if let previous {
        inverse.update(
          pointChange: FixedPoints.difference(evaluation.point, previous.point),
          differenceChange: FixedPoints.difference(difference, previous.difference))
      }
      previous = evaluation
      // B = −I is a Picard step, and f(z) itself rather than z + (f(z) − z).
      guard !inverse.isPlain else { return .iterate(evaluation.value) }
      let next = moved(evaluation.point, by: -1, along: inverse.applied(to: difference))
      return .iterate(isWithin(limit, next) ? next : evaluation.value)
    }
  }

  private mutating func forget(upTo evaluation: Evaluation<S>?) {
    inverse.reset()
    previous = evaluation
  }
}

/// B = −I + Σ u_i·v_iᵀ, an approximation of (J − I)⁻¹.
private struct LowRankInverse<S: Scalar>: Sendable {
  let memory: Int
  private var left: [[S]] = []
  private var right: [[S]] = []

  init(memory: Int) {
    self.memory = memory
  }

  /// Whether B is −I.
  var isPlain: Bool { left.isEmpty }

  mutating func reset() {
    left = []
    right = []
  }

  /// B·x.
  func applied(to vector: [S]) -> [S] { product(left, right, vector) }

  /// Makes B·ΔF = Δz (the secant equation); leaves B unchanged where ΔF determines too little of Δz.
  mutating func update(pointChange: [S], differenceChange: [S]) {
    // Scaling both changes alike does not alter the update; at length 1 nothing underflows.
    let scale = euclideanNorm(pointChange)
    guard scale > 0, scale.isFinite else { return }
    let (step, change) = (divided(pointChange, by: scale), divided(differenceChange, by: scale))
    if left.count == memory {
      left.removeFirst()
      right.removeFirst()
    }
    let covector = product(right, left, step)
    let denominator = dot(covector, change)
    let size = euclideanNorm(covector) * euclideanNorm(change)
    guard size.isFinite, abs(denominator) > S.ulpOfOne * size else { return }
    left.append(divided(difference(step, applied(to: change)), by: denominator))
    right.append(covector)
  }

  /// −x + Σ outer_i·(inner_i · x).
  private func product(_ outer: [[S]], _ inner: [[S]], _ vector: [S]) -> [S] {
    var result = vector.map { -$0 }
    for (outer, inner) in zip(outer, inner) {
      accumulate(outer, scaledBy: dot(inner, vector), into: &result)
    }
    return result
  }
}
