import LinearAlgebra

/// An evaluated input, and the difference there relative to the outputs' magnitude.
struct ScoredInput: Sendable {
  var input: [Double]
  var score: Double
}

/// The expenses and results of a search so far; strategies evaluate inputs through it.
struct SearchState {
  let target: SearchTarget
  let domain: SearchDomain
  /// The random numbers of the current strategy.
  var generator = SeededGenerator(seed: 0)
  /// How many rows the current strategy may still evaluate.
  private(set) var allowance = 0
  private(set) var coverage: [SearchCoverage] = []
  private(set) var incomparable = 0
  private(set) var judged = 0
  private(set) var largestRelativeDifference = 0.0
  /// The inputs with the largest differences, the largest first.
  private(set) var best: [ScoredInput] = []
  private(set) var found: SearchFinding?

  /// Smaller differences, of some units in the last place, are always rounding and are not judged.
  private static let negligible = 0x1p-50
  /// The capacity of `best`.
  private static let kept = 16
  /// How many promising rows are judged in one strategy's turn, even if their difference is not the
  /// largest. The differences of a region that rounds badly must not hide the real ones of another.
  private static let patience = 12

  /// How many rows of this turn were judged, and the largest differences among them, by each measure.
  private var turn = (judged: 0, score: 0.0, componentScore: 0.0)

  init(target: SearchTarget, domain: ClosedRange<Double>?) {
    self.target = target
    self.domain = SearchDomain(domain)
  }

  var hasFound: Bool { found != nil }
  var isOver: Bool { hasFound || allowance <= 0 }
  var size: Int { target.inputSize }
  /// How many rows the current strategy has evaluated.
  var spent: Int { coverage.last?.rows ?? 0 }

  /// Begins the turn of a strategy that may evaluate `allowance` rows.
  mutating func begin(_ strategy: String, allowance: Int, seed: UInt64) {
    generator = SeededGenerator(seed: seed)
    self.allowance = allowance
    turn = (0, 0, 0)
    coverage.append(SearchCoverage(strategy: strategy, rows: 0))
  }

  /// Evaluates both functions on inputs, clamped to the domain, and judges the largest differences.
  ///
  /// - Returns: The difference of each evaluated row relative to the outputs' magnitude; empty once the
  ///   search has ended.
  @discardableResult
  mutating func test(_ inputs: [[Double]]) -> [Double] {
    testUnclamped(inputs.map { input in input.map { domain.clamp($0) } })
  }

  /// Evaluates inputs without clamping them.
  @discardableResult
  mutating func testUnclamped(_ inputs: [[Double]]) -> [Double] {
    guard !isOver, !inputs.isEmpty else { return [] }
    return evaluate(Matrix(Array(inputs.prefix(allowance)))).map(\.score)
  }

  /// Both functions' difference, scaled to a largest magnitude of 1, and the gradient in whose direction it
  /// grows, `[batch, input]`. Each row counts as two rows of the allowance.
  mutating func ascentDirections(at x: Matrix<Double>) -> (scores: [Double], gradients: Matrix<Double>)? {
    guard !hasFound, allowance >= 2 * x.rows else { return nil }
    let rows = evaluate(x)
    guard !hasFound else { return nil }
    spend(x.rows)
    let cotangent = Matrix(rows.map(\.direction))
    return (rows.map(\.score), target.inputGradient(x, cotangent))
  }

  /// A probe's values and gradients on a batch, nil if the allowance is too small.
  mutating func linearization(of probe: SearchProbe, at x: Matrix<Double>) -> (
    values: [Double], gradients: Matrix<Double>
  )? {
    guard !hasFound, allowance >= x.rows else { return nil }
    spend(x.rows)
    return probe.linearization(x)
  }

  private mutating func spend(_ rows: Int) {
    allowance -= rows
    coverage[coverage.count - 1].rows += rows
  }

  // MARK: Evaluating

  private mutating func evaluate(_ x: Matrix<Double>) -> [RowDifference] {
    spend(x.rows)
    let outputs = target.evaluate(x)
    var rows: [RowDifference] = []
    for row in 0..<x.rows {
      if outputs.comparable[row] {
        rows.append(RowDifference(outputs.first.row(row), outputs.second.row(row)))
      } else {
        rows.append(RowDifference(incomparable: outputs.first.columns))
        incomparable += 1
      }
    }
    for (row, difference) in rows.enumerated() { keep(Array(x.row(row)), score: difference.score) }
    judge(x, rows)
    return rows
  }

  private mutating func keep(_ input: [Double], score: Double) {
    guard score > 0, score > best.last?.score ?? 0 || best.count < Self.kept else { return }
    largestRelativeDifference = max(largestRelativeDifference, score)
    let place = best.firstIndex { $0.score < score } ?? best.count
    best.insert(ScoredInput(input: input, score: score), at: place)
    if best.count > Self.kept { best.removeLast() }
  }

  /// Judges the rows that differ most relative to their largest output, and the one that differs most
  /// relative to the coordinate itself, since a large output hides small ones.
  private mutating func judge(_ x: Matrix<Double>, _ rows: [RowDifference]) {
    let candidates = candidates(among: rows)
    guard !candidates.isEmpty else { return }
    judged += candidates.count
    turn.judged += candidates.count
    for row in candidates {
      turn.score = max(turn.score, rows[row].score)
      turn.componentScore = max(turn.componentScore, rows[row].componentScore)
    }
    let verdicts = target.differences(x.selectingRows(candidates))
    for (row, verdict) in zip(candidates, verdicts) where found == nil {
      guard let verdict else { continue }
      found = SearchFinding(
        input: Array(x.row(row)), difference: verdict, strategy: coverage[coverage.count - 1].strategy)
    }
  }

  /// The rows that differ most, by either measure, and some that differ less by one or two orders of
  /// magnitude, since the first may be those that round worst.
  private func candidates(among rows: [RowDifference]) -> [Int] {
    func largest(_ measure: (RowDifference) -> Double, above judged: Double, count: Int) -> [Int] {
      let limit = turn.judged < Self.patience ? Self.negligible : judged
      var chosen: [Int] = []
      for row in rows.indices.sorted(by: { measure(rows[$0]) > measure(rows[$1]) }) where chosen.count < count
      {
        guard measure(rows[row]) > limit else { break }
        if let last = chosen.last, measure(rows[row]) > measure(rows[last]) / 10 { continue }
        chosen.append(row)
      }
      return chosen
    }
    let byRow = largest(\.score, above: turn.score, count: 3)
    return byRow
      + largest(\.componentScore, above: turn.componentScore, count: 1).filter { !byRow.contains($0) }
  }
}

/// How far two functions' values are apart on one row.
struct RowDifference {
  /// The largest difference, relative to the row's largest magnitude.
  let score: Double
  /// The largest difference relative to the magnitude of the same coordinate.
  let componentScore: Double
  /// The difference, scaled to a largest magnitude of 1; zeros if there is none, or if it is not finite.
  let direction: [Double]

  init(_ first: ArraySlice<Double>, _ second: ArraySlice<Double>) {
    var (largest, scale, component) = (0.0, 0.0, 0.0)
    for (a, b) in zip(first, second) {
      // Equal infinities are equal, and NaN counts as equal to NaN: results that agree are no difference.
      let isAlike = a == b || (a.isNaN && b.isNaN)
      let magnitude = max(abs(a), abs(b))
      let difference = isAlike ? 0 : abs(a - b)
      if magnitude.isFinite { scale = max(scale, magnitude) }
      largest = max(largest, difference.isNaN ? .infinity : difference)
      if !isAlike { component = max(component, difference.isFinite ? difference / magnitude : .infinity) }
    }
    score = largest == 0 ? 0 : (scale == 0 ? .infinity : largest / scale)
    componentScore = component
    let isUseful = largest > 0 && largest.isFinite
    direction = zip(first, second).map { a, b in isUseful && (a - b).isFinite ? (a - b) / largest : 0 }
  }

  init(incomparable outputs: Int) {
    score = 0
    componentScore = 0
    direction = [Double](repeating: 0, count: outputs)
  }
}
