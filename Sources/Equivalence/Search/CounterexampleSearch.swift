import LinearAlgebra

/// Searches within a budget for an input on which two functions differ, as an adversary would.
///
/// Strategies alternate, cheap ones first. Each may spend a share of the remaining budget; what it does not
/// spend passes to the next. The search ends with the first input that the judge confirms as a difference,
/// which is then shrunk. The same target and settings give the same report.
public struct CounterexampleSearch: Sendable {
  /// How long and where to look.
  public var settings: SearchSettings

  /// A search with these settings.
  public init(settings: SearchSettings) {
    self.settings = settings
  }

  /// The result of a search on a pair of functions.
  ///
  /// - Precondition: Every one of the settings' inputs is as long as an input of the target.
  public func run(on target: SearchTarget) -> SearchReport {
    precondition(
      settings.inputs.allSatisfy { $0.count == target.inputSize },
      "an input of another length than the target's")
    var state = SearchState(target: target, domain: settings.domain)
    state.begin(given, allowance: settings.inputs.count, seed: settings.seed)
    state.testUnclamped(settings.inputs)
    for (round, rows) in rounds.enumerated() {
      run(strategies(for: target), rows: rows, seed: settings.seed &+ UInt64(round), &state)
    }
    return report(on: state)
  }

  /// A short round of every strategy, then a long one, so that an obvious difference costs little whichever
  /// strategy finds it.
  private var rounds: [Int] {
    let budget = max(0, settings.budget)
    let first = min(budget, max(160, budget / 10))
    return budget - first < first ? [budget] : [first, budget - first]
  }

  private func run(
    _ strategies: [any SearchStrategy], rows: Int, seed: UInt64, _ state: inout SearchState
  ) {
    var remaining = rows
    for (position, strategy) in strategies.enumerated() where !state.hasFound {
      let weights = strategies[position...].reduce(0) { $0 + $1.weight }
      let share = Int((Double(remaining) * strategy.weight / weights).rounded(.up))
      state.begin(
        strategy.name, allowance: min(share, remaining), seed: mix64(seed) &+ UInt64(position))
      strategy.search(&state)
      remaining -= state.spent
    }
  }

  private var given: String { "inputs that were given" }

  private func strategies(for target: SearchTarget) -> [any SearchStrategy] {
    let all: [any SearchStrategy] = [
      UniformInputs(range: 0...1), UniformInputs(range: -1...1), DomainInputs(), ScaledInputs(),
      SpreadInputs(isPositive: false), SpreadInputs(isPositive: true), AxisRays(), SparseInputs(),
      ProbeDriving(), GradientAscent(), Grid(), LineScan(),
    ]
    return all.filter { $0.isApplicable(to: target, domain: settings.domain) }
  }

  private func report(on state: SearchState) -> SearchReport {
    var judged = state.judged
    var finding = state.found
    if let found = finding {
      var shrinking = InputShrinking(target: state.target, domain: state.domain)
      // A user's input keeps its value even outside the domain.
      if found.strategy == given, !state.domain.contains(found.input) { shrinking.domain = SearchDomain(nil) }
      finding = shrinking.shrink(found)
      judged += shrinking.judged
    }
    return SearchReport(
      finding: finding, coverage: coverage(of: state), incomparable: state.incomparable,
      judged: judged, largestRelativeDifference: state.largestRelativeDifference)
  }

  /// The rows of each strategy, summed over its rounds.
  private func coverage(of state: SearchState) -> [SearchCoverage] {
    var sums: [SearchCoverage] = []
    for turn in state.coverage where turn.rows > 0 {
      if let index = sums.firstIndex(where: { $0.strategy == turn.strategy }) {
        sums[index].rows += turn.rows
      } else {
        sums.append(turn)
      }
    }
    return sums
  }
}

/// A method of choosing inputs.
protocol SearchStrategy: Sendable {
  /// A description of its inputs, for a report.
  var name: String { get }
  /// Its share of the budget, relative to the others'.
  var weight: Double { get }

  /// Whether it can try anything on this target.
  func isApplicable(to target: SearchTarget, domain: ClosedRange<Double>?) -> Bool

  /// Tries inputs until the allowance is spent, a difference is found, or nothing is left to try.
  func search(_ state: inout SearchState)
}

extension SearchStrategy {
  func isApplicable(to target: SearchTarget, domain: ClosedRange<Double>?) -> Bool { target.inputSize > 0 }
}
