import LinearAlgebra

/// The loop that all solvers share: evaluates the transition on the batch, hands each sample its
/// row, and gathers the outcomes.
///
/// A separate `method` iterates every sample; the driver alone counts, measures and decides when to stop.
func iterate<S: Scalar, Method: SampleMethod>(
  _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule, solver: String,
  method: @escaping () -> Method
) -> FixedPointSolution<S> where Method.S == S {
  var batch = ActiveBatch(problem: problem, start: start)
  var runs = (0..<start.rows).map {
    SampleRun(
      start: Array(start.row($0)), parts: problem.parts, handsOnValue: problem.handsOnValue, method: method)
  }
  var trace = ResidualTrace()
  var (evaluations, isStarted) = (0, false)
  while runs.contains(where: { $0.outcome == nil }) {
    batch.compact { runs[$0].outcome == nil }
    let isKnown = evaluations == 0 && !isStarted && batch.problem.known?.state == batch.points
    isStarted = true
    let values = isKnown ? batch.problem.known!.value : batch.problem.value(batch.points)
    precondition(
      values.rows == batch.points.rows && values.columns == start.columns,
      "a transition from \(batch.points.rows)×\(start.columns) to \(values.rows)×\(values.columns)")
    evaluations += isKnown ? 0 : 1
    var asking: [Int] = []
    for (row, sample) in batch.samples.enumerated() where runs[sample].outcome == nil {
      if runs[sample].receive(Array(values.row(row)), rule: rule) { asking.append(row) }
    }
    if let magnitudes = batch.magnitudes(ofRows: asking) {
      for (row, numbers) in zip(asking, magnitudes) { runs[batch.samples[row]].learn(numbers) }
    }
    if !isKnown { batch.tellFollowing(&runs, rule: rule) }
    for sample in batch.samples where runs[sample].outcome == nil { runs[sample].advance(rule: rule) }
    evaluations += batch.differentiate(&runs, rule: rule)
    for (row, sample) in batch.samples.enumerated() { batch.points.replaceRow(row, with: runs[sample].point) }
    record(runs, in: &trace)
  }
  let outcomes = runs.compactMap(\.outcome)
  return FixedPointSolution(
    state: Matrix(rows: start.rows, columns: start.columns, elements: runs.flatMap(\.point)),
    samples: outcomes, iterations: outcomes.map(\.iterations).max() ?? 0,
    evaluations: evaluations, trace: trace, solver: solver)
}

/// The samples that are evaluated together, and where.
private struct ActiveBatch<S: Scalar> {
  /// The problem of these samples alone.
  private(set) var problem: FixedPointProblem<S>
  /// The samples, ascending, by their rows in the whole batch.
  private(set) var samples: [Int]
  /// The points, a row for each of the samples.
  var points: Matrix<S>

  init(problem: FixedPointProblem<S>, start: Matrix<S>) {
    self.problem = problem
    samples = Array(0..<start.rows)
    points = start
  }

  /// Removes finished samples once they are half of the batch: a product of fewer rows costs less, but every change of
  /// the shape costs a copy.
  mutating func compact(keeping isActive: (_ sample: Int) -> Bool) {
    guard samples.count > 1, let select = problem.selecting else { return }
    let rows = samples.indices.filter { isActive(samples[$0]) }
    guard rows.count <= samples.count / 2 else { return }
    problem = select(rows)
    samples = rows.map { samples[$0] }
    points = points.selectingRows(rows)
  }

  /// Passes the Jacobian at the points evaluated last to the samples that request it, one at a time since Jacobians may
  /// be large.
  ///
  /// - Returns: The largest cost for one sample, in evaluations.
  func differentiate<Method: SampleMethod>(
    _ runs: inout [SampleRun<Method>], rule: StoppingRule
  ) -> Int where Method.S == S {
    var evaluations = 0
    for (row, sample) in samples.enumerated() where runs[sample].asksForJacobian {
      guard let jacobian = problem.jacobian else { preconditionFailure("no Jacobian to be had") }
      let (matrix, cost) = jacobian.matrix(points, row)
      evaluations = max(evaluations, cost)
      runs[sample].receive(jacobian: matrix, rule: rule)
    }
    return evaluations
  }

  /// Passes what follows from the points evaluated last to the samples that are, or are about to be, accepted.
  func tellFollowing<Method: SampleMethod>(
    _ runs: inout [SampleRun<Method>], rule: StoppingRule
  ) where Method.S == S {
    guard let following = problem.following else { return }
    let asking = samples.indices.filter { runs[samples[$0]].asksForFollowing(rule: rule) }
    guard !asking.isEmpty else { return }
    let found = following()
    for row in asking {
      runs[samples[row]].learn(following: Array(found.values.row(row)), parts: found.parts)
    }
  }

  /// The magnitudes that the coordinates of some rows add up; nil where they are unknown.
  func magnitudes(ofRows rows: [Int]) -> [[S]]? {
    guard !rows.isEmpty, let magnitudes = problem.magnitudes else { return nil }
    if rows.count < samples.count, let part = problem.selecting?(rows), let magnitudes = part.magnitudes {
      return magnitudes(points.selectingRows(rows)).rowArrays
    }
    let all = magnitudes(points)
    return rows.map { Array(all.row($0)) }
  }
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
