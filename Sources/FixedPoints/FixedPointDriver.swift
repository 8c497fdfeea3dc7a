import LinearAlgebra

/// The loop that all solvers share: evaluates the transition on the whole batch, hands each sample its
/// row, and gathers the outcomes.
///
/// A separate `method` iterates every sample; the driver alone counts, measures and decides when to stop.
func iterate<S: Scalar, Method: SampleMethod>(
  _ transition: (Matrix<S>) -> Matrix<S>, from start: Matrix<S>, until rule: StoppingRule, solver: String,
  method: () -> Method
) -> FixedPointSolution<S> where Method.S == S {
  var points = start
  var runs = (0..<start.rows).map { SampleRun(start: Array(start.row($0)), method: method()) }
  var trace = ResidualTrace()
  var evaluations = 0
  while runs.contains(where: { $0.outcome == nil }) {
    let values = transition(points)
    precondition(
      values.rows == start.rows && values.columns == start.columns,
      "a transition from \(start.rows)×\(start.columns) to \(values.rows)×\(values.columns)")
    evaluations += 1
    for row in runs.indices where runs[row].outcome == nil {
      runs[row].receive(Array(values.row(row)), rule: rule)
      points.replaceRow(row, with: runs[row].point)
    }
    record(runs, in: &trace)
  }
  let outcomes = runs.compactMap(\.outcome)
  return FixedPointSolution(
    state: points, samples: outcomes, iterations: outcomes.map(\.iterations).max() ?? 0,
    evaluations: evaluations, trace: trace, solver: solver)
}

/// Records the worst of the samples' latest residuals, unless no sample has measured one yet.
private func record<Method: SampleMethod>(_ runs: [SampleRun<Method>], in trace: inout ResidualTrace) {
  var (iteration, worst) = (0, 0.0)
  for run in runs {
    iteration = max(iteration, run.measuredIteration)
    worst = max(worst, run.residual)
  }
  trace.record(iteration: iteration, residual: worst)
}
