import FixedPoints
import LinearAlgebra
import Testing

/// The example of the documentation: a plain step, and a share of the last one.
private struct HeavyBall: SteppedSolver {
  var name: String { "heavy ball" }
  func begin<S: Scalar>(at start: [S]) -> any SolverSteps<S> { HeavyBallSteps(last: start) }
}

private struct HeavyBallSteps<S: Scalar>: SolverSteps {
  var last: [S]
  mutating func step(from z: [S], value: [S]) -> [S]? {
    defer { last = z }
    return zip(value, zip(z, last)).map { $0 + ($1.0 - $1.1) / 4 }
  }
}

/// Plain steps, with an answer of its own to when they end.
private struct Stopping: SteppedSolver {
  let reason: StopReason?
  var name: String { "stopping" }
  func begin<S: Scalar>(at start: [S]) -> any SolverSteps<S> { StoppingSteps<S>(reason: reason) }
}

private struct StoppingSteps<S: Scalar>: SolverSteps {
  let reason: StopReason?
  mutating func step(from z: [S], value: [S]) -> [S]? { reason == nil ? nil : value }
  func terminate(residual: Double, step: Int) -> StopReason? { step == 3 ? reason : nil }
}

@Suite struct SteppedSolverTests {
  /// z ↦ z · slope + 1, whose fixed point is 1 / (1 − slope), for each sample another slope.
  private static func affine(_ slopes: [Double]) -> (Matrix<Double>) -> Matrix<Double> {
    { z in
      Matrix(rows: z.rows, columns: 1, elements: zip(slopes, z.elements).map { $0 * $1 + 1 })
    }
  }

  @Test("A solver that its user brings finds fixed points, each sample with a memory of its own")
  func finds() {
    let slopes = [0.9, -0.5, 0.2]
    let solution = HeavyBall().solve(
      Self.affine(slopes), from: Matrix(rows: 3, columns: 1), until: .rounding(of: Double.self))
    #expect(solution.converged && solution.solver == "heavy ball")
    for (value, slope) in zip(solution.state.elements, slopes) {
      #expect(abs(value * (1 - slope) - 1) < 1e-12)
    }
    // Momentum has an effect: the slow sample takes fewer updates than the 300 of plain iteration.
    let plain = Picard().solve(
      Self.affine(slopes), from: Matrix(rows: 3, columns: 1), until: .rounding(of: Double.self))
    #expect(solution.samples[0].iterations < plain.samples[0].iterations * 4 / 5)
    #expect(Set(solution.samples.map(\.iterations)).count == 3)
  }

  @Test("The iterates are those of its steps: 0, 1, then f and a quarter of the difference")
  func iterates() {
    var rule = StoppingRule.rounding(of: Double.self)
    rule.maximumIterations = 3
    var seen: [Double] = []
    _ = HeavyBall().solve(
      { z in
        seen.append(z.elements[0])
        return Self.affine([0.5])(z)
      }, from: Matrix(rows: 1, columns: 1), until: rule)
    // f(z) = z/2 + 1.
    #expect(seen == [0, 1, 1.75, 2.0625])
  }

  @Test("It may give up, and says why; it may not call a state converged that is not")
  func terminates() {
    for (reason, expected): (StopReason?, StopReason) in [
      (.diverging, .diverging), (.converged, .outOfIterations), (nil, .outOfIterations),
    ] {
      let solution = Stopping(reason: reason).solve(
        Self.affine([0.5]), from: Matrix(rows: 1, columns: 1), until: .rounding(of: Double.self))
      #expect(solution.samples[0].reason == expected)
      #expect(solution.samples[0].iterations == (reason == nil ? 0 : 3))
    }
  }

  @Test("A transition that is not finite is never handed to it")
  func notFinite() {
    let solution = HeavyBall().solve(
      { Matrix(rows: $0.rows, columns: 1, repeating: Double.nan) }, from: Matrix(rows: 1, columns: 1),
      until: .rounding(of: Double.self))
    #expect(solution.samples[0].reason == .notFinite)
  }
}
