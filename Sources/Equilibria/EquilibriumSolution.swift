import FixedPoints
import LinearAlgebra

/// How an equilibrium, or an adjoint, is found.
public enum SolutionMethod: Sendable {
  /// Along the dependency graph: an explicit block is evaluated once, after what it reads; the solver iterates only
  /// inside cyclic groups. For a converted network this is one forward pass.
  case structured(any FixedPointSolver)
  /// The solver iterates on the whole state and sees only f.
  case whole(any FixedPointSolver)

  /// The default method, for evaluations and judgements alike.
  public static var standard: SolutionMethod { .structured(GroupSolver()) }

  /// `picard`, or `structured(anderson)`.
  public var description: String {
    switch self {
    case .structured(let solver): "structured(\(solver.name))"
    case .whole(let solver): solver.name
    }
  }
}

/// What one iteration did: on the whole state, or inside one cyclic group.
public struct SolveRecord: Sendable {
  /// The names of the blocks solved for; a solver may iterate on some of them, with the others following.
  public let blocks: [String]
  /// The solver's name.
  public let solver: String
  /// What each solver did and why it was tried, in order; at least one.
  public let stages: [SolveStage]
  /// The rule by which a sample counted as converged.
  public let rule: StoppingRule
  /// How each sample ended.
  public private(set) var samples: [SampleOutcome]
  /// Updates applied, the largest number over the samples, including those in single precision that found a start.
  public let iterations: Int
  /// Evaluations of the transition, each on the whole batch, including those in single precision that found a start,
  /// and one for each sweep over the blocks that follow.
  public let evaluations: Int
  /// The worst residual over the batch from update to update, from that start, in the first solver tried.
  public let trace: ResidualTrace

  init<S>(
    blocks: [String], solution: FixedPointSolution<S>, rule: StoppingRule, preparation: Preparation<S>? = nil,
    sweeps: Int = 0
  ) {
    self.blocks = blocks
    self.rule = rule
    solver = solution.solver
    stages = (preparation?.stage).map { [$0] + solution.stages } ?? solution.stages
    samples = solution.samples
    iterations = solution.iterations + (preparation?.iterations ?? 0)
    evaluations = solution.evaluations + (preparation?.evaluations ?? 0) + sweeps
    trace = solution.trace
  }

  /// Whether every sample converged.
  public var converged: Bool { samples.allSatisfy { $0.reason == .converged } }

  /// The largest condition estimate of a sample that converged, or nil where there is none.
  public var conditionEstimate: Double? { settled.compactMap(\.conditionEstimate).max() }

  /// The largest error estimate of a sample that converged, relative to its blocks' largest values, or nil.
  public var errorEstimate: Double? { settled.compactMap(\.errorEstimate).max() }

  /// The largest relative error of the gradients of a sample that converged, or nil.
  public var gradientErrorEstimate: Double? { settled.compactMap(\.gradientErrorEstimate).max() }

  private var settled: [SampleOutcome] { samples.filter { $0.reason == .converged } }

  /// The record of some of the samples, by their rows.
  func selecting(_ rows: [Int]) -> SolveRecord {
    var record = self
    record.samples = rows.map { samples[$0] }
    return record
  }

}

/// What a solver found, for each sample of a batch, and why it stopped.
///
/// A state is an equilibrium only for the samples marked in `converged`.
public struct EquilibriumSolution<S: Scalar>: Sendable {
  /// The input, `[batch, input]`.
  public let input: Matrix<S>
  /// The value of each block, `[batch, size]`; without rows where it was not kept.
  public internal(set) var state: [Matrix<S>]
  /// The read-out block's value.
  public let output: Matrix<S>
  /// The record of every iteration; empty where none was needed.
  public let records: [SolveRecord]
  /// Whether each sample's equilibrium was found.
  public let converged: [Bool]
  /// The ports, at this state, of the blocks that were evaluated once; empty where there are none.
  var ports: [[Matrix<S>]?]
  /// The factors of each sample's I − J, by the first member of a cyclic group that was judged by them.
  let factors: [Int: [BalancedFactors<S>?]]

  init(
    input: Matrix<S>, state: [Matrix<S>], output: Int, records: [SolveRecord], ports: [[Matrix<S>]?] = [],
    factors: [Int: [BalancedFactors<S>?]] = [:]
  ) {
    self.ports = ports
    self.factors = factors
    self.input = input
    self.state = state
    self.output = state[output]
    self.records = records
    converged = records.converged(batch: input.rows)
  }

  private init(
    input: Matrix<S>, state: [Matrix<S>], outputValue: Matrix<S>, records: [SolveRecord],
    ports: [[Matrix<S>]?], factors: [Int: [BalancedFactors<S>?]]
  ) {
    self.ports = ports
    self.factors = factors
    self.input = input
    self.state = state
    self.output = outputValue
    self.records = records
    converged = records.converged(batch: input.rows)
  }

  /// The failure of the first sample whose equilibrium was not found, or nil if all were found.
  public var failure: NoEquilibrium? { records.failure }

  /// The failure of every sample whose equilibrium was not found, in ascending order.
  public var failures: [NoEquilibrium] { records.allFailures }

  /// The solution of some of the samples, by their rows.
  public func selecting(_ rows: [Int]) -> EquilibriumSolution {
    EquilibriumSolution(
      input: input.selectingRows(rows), state: state.map { $0.selectingRows(rows) },
      outputValue: output.selectingRows(rows),
      records: records.map { $0.selecting(rows) },
      ports: ports.map { $0.map { $0.map { $0.selectingRows(rows) } } },
      factors: factors.mapValues { all in rows.map { all[$0] } })
  }
}

extension [SolveRecord] {
  /// Whether each sample converged in every iteration.
  func converged(batch: Int) -> [Bool] {
    (0..<batch).map { sample in allSatisfy { $0.samples[sample].reason == .converged } }
  }

  /// How each sample failed first, or nil where it did not.
  func failures(batch: Int) -> [SampleOutcome?] {
    (0..<batch).map { sample in
      lazy.map { $0.samples[sample] }.first { $0.reason != .converged }
    }
  }

  /// The first failing sample of the first iteration that failed; nil where all converged.
  public var failure: NoEquilibrium? {
    for record in self {
      if let sample = record.samples.firstIndex(where: { $0.reason != .converged }) {
        return NoEquilibrium(sample: sample, record: record)
      }
    }
    return nil
  }

  /// The first failure of every failed sample, in ascending order.
  public var allFailures: [NoEquilibrium] {
    guard let batch = first?.samples.count else { return [] }
    return (0..<batch).compactMap { sample in
      first { $0.samples[sample].reason != .converged }.map { NoEquilibrium(sample: sample, record: $0) }
    }
  }

  /// Why each sample has no adjoint, or nil where no obstacle is known: it has no equilibrium, or one without a
  /// derivative.
  func refusals(batch: Int) -> [SampleOutcome?] {
    (0..<batch).map { sample in
      let outcomes = lazy.map { $0.samples[sample] }
      guard var outcome = outcomes.first(where: { $0.reason != .converged || !$0.isDifferentiable }) else {
        return nil
      }
      if outcome.reason == .converged { outcome.reason = .notDetermined }
      outcome.iterations = 0
      return outcome
    }
  }
}

/// A solver stopped without finding an equilibrium, for the stated reason; one may exist nevertheless.
public struct NoEquilibrium: Error, CustomStringConvertible {
  /// The sample, from 0; the first that failed.
  public let sample: Int
  /// What the iteration did.
  public let record: SolveRecord

  /// One line, which names the sample by its position in the batch.
  public var description: String { description(ofSample: sample) }

  /// One line, which names the sample by the given number: its position in a larger batch of which the solved one was a
  /// part.
  public func description(ofSample number: Int) -> String {
    let outcome = record.samples[sample]
    let blocks = record.blocks.prefix(3).joined(separator: ", ") + (record.blocks.count > 3 ? ", …" : "")
    return "none found for sample \(number) (blocks \(blocks)): \(record.solver) \(outcome.description)"
  }
}
