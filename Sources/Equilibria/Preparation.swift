import FixedPoints
import LinearAlgebra

/// A start for a solve in double precision, found in single precision, where a product costs half as much.
///
/// The state is brought to within single precision of the equilibrium. Corrections d = J d + f(z) − z are then solved
/// for in single precision too, with right sides computed in double (iterative refinement: Higham 2002, "Accuracy and
/// Stability of Numerical Algorithms", chapter 12). Convergence is decided afterwards in double precision, by a solver
/// that begins at the given start.
struct Preparation<S: Scalar> {
  /// The start, `[batch, N]`.
  private(set) var start: Matrix<S>
  /// Updates applied, the largest number over the samples.
  private(set) var iterations = 0
  /// Evaluations of the transition, or of its derivative.
  private(set) var evaluations = 0
  /// Whether a solve in single precision was run.
  private(set) var isMade = false
  /// What the first solve in single precision did, before any correction; nil where there was none.
  private var first: SolveStage?
  /// Which samples have converged in single precision so far; the others begin at their usual start.
  private var isSettled: [Bool]

  /// The least number of multiplications of an evaluation at which single precision saves more than rounding the
  /// weights costs.
  static var leastMultiplications: Int { 1 << 20 }
  /// The number of corrections of the state; each adds the digits of single precision.
  private static var corrections: Int { 2 }
  /// When a solve in single precision ends: where three in succession yield all digits of double precision. A slow
  /// contraction is left to double precision.
  private static var rule: StoppingRule {
    StoppingRule(
      relativeTolerance: 0x1p-16, absoluteTolerance: 0x1p-103, maximumIterations: GroupSolver.patience)
  }

  /// A start for the equilibrium of a group: f(0) unless `solver` prepares.
  ///
  /// - Parameter goal: The rule of the solve to come: a start within its relative tolerance is not corrected further.
  init(of transition: GroupTransition<S>, for solver: any FixedPointSolver, until goal: StoppingRule) {
    start = transition.valueAtZero
    isSettled = [Bool](repeating: true, count: start.rows)
    guard let solver = Self.solver(for: solver, multiplications: transition.multiplications) else { return }
    isMade = true
    let single = transition.cast(to: Float.self)
    start = solution(by: solver, from: start, orElse: start, of: single.plainProblem)
    for _ in 0..<Self.corrections {
      let (value, derivative) = transition.linearization(at: start)
      evaluations += 1
      let rest = value - start
      guard derivative.isElementwise, !isWithin(goal, rest) else { return }
      correct(for: rest, by: solver, derivative.cast(to: Float.self).plainTangentProblem)
    }
  }

  /// A start for the adjoint equation `g = Jᵀ g + e` of a group: e unless `solver` prepares.
  init(
    of derivative: GroupDerivative<S>, adding e: Matrix<S>, for solver: any FixedPointSolver,
    until goal: StoppingRule
  ) {
    start = e
    isSettled = [Bool](repeating: true, count: start.rows)
    guard let solver = Self.solver(for: solver, multiplications: derivative.multiplications) else { return }
    let single = derivative.cast(to: Float.self)
    let r = e.cast(to: Float.self)
    start = solution(by: solver, from: e, orElse: e, of: single.plainAdjointProblem(adding: r))
    for _ in 0..<Self.corrections {
      evaluations += 1
      let rest = derivative.pullBack(start, adding: e) - start
      guard !isWithin(goal, rest) else { return }
      correct(for: rest, by: solver, single.plainAdjointProblem)
    }
  }

  /// Whether residuals of the start are within a relative tolerance of its largest coordinates.
  private func isWithin(_ rule: StoppingRule, _ rest: Matrix<S>) -> Bool {
    (0..<rest.rows).allSatisfy { row in
      let size = Double(largestMagnitude(start.row(row)))
      return Double(largestMagnitude(rest.row(row))) <= rule.relativeTolerance * size
    }
  }

  /// The record of all solves in single precision together, with the residuals of the first; nil where there was none.
  var stage: SolveStage? {
    guard var stage = first else { return nil }
    (stage.iterations, stage.evaluations) = (iterations, evaluations)
    return stage
  }

  /// The solver to run in single precision before `solver` runs in precision `S`, or nil.
  private static func solver(
    for solver: any FixedPointSolver, multiplications: Int
  ) -> (any FixedPointSolver)? {
    S.self == Double.self && multiplications >= leastMultiplications ? solver.preparation : nil
  }

  /// Adds the solution d of `d = A d + rest`, given the problem of every such equation.
  private mutating func correct(
    for rest: Matrix<S>, by solver: any FixedPointSolver,
    _ problem: (_ r: Matrix<Float>) -> FixedPointProblem<Float>
  ) {
    start.add(
      solution(
        by: solver, from: rest, orElse: Matrix(rows: rest.rows, columns: rest.columns),
        of: problem(rest.cast(to: Float.self))))
  }

  /// The result of a solve in single precision for the samples settled so far, with the rows of `fallback` for those
  /// that are not, or no longer, settled.
  private mutating func solution(
    by solver: any FixedPointSolver, from beginning: Matrix<S>, orElse fallback: Matrix<S>,
    of problem: FixedPointProblem<Float>
  ) -> Matrix<S> {
    var result = fallback
    let rows = isSettled.indices.filter { isSettled[$0] }
    guard !rows.isEmpty, let part = problem.selecting?(rows) else { return result }
    let solution = solver.solve(
      part, from: beginning.selectingRows(rows).cast(to: Float.self), until: Self.rule)
    iterations += solution.iterations
    evaluations += solution.evaluations
    if first == nil { first = SolveStage(solution, reason: "for a start, in single precision") }
    let state = solution.state.cast(to: S.self)
    for (position, row) in rows.enumerated() {
      isSettled[row] = solution.samples[position].reason == .converged
      if isSettled[row] { result.replaceRow(row, with: state.row(position)) }
    }
    return result
  }
}
