import LinearAlgebra
import Operators

/// Two systems of equations under one challenge, compared.
struct FieldComparison {
  /// The two systems.
  let systems: (first: EquationSystem, second: EquationSystem)
  /// Their values.
  let evaluations: (first: FieldEvaluation, second: FieldEvaluation)

  /// Why an output or a group has no value; nil if all have one.
  var failure: FieldFailure? {
    for (system, evaluation) in sides {
      if let failure = evaluation.failures[system.output] ?? evaluation.groupFailures.first { return failure }
    }
    return nil
  }

  /// Both sides.
  var sides: [(system: EquationSystem, evaluation: FieldEvaluation)] {
    [(systems.first, evaluations.first), (systems.second, evaluations.second)]
  }

  /// Why the outputs are not the same function; nil if they are.
  var difference: String? {
    if let failure { return failure.reason }
    let outputs = sides.map { $0.evaluation.elements(of: $0.system.output)! }
    guard outputs[0] != outputs[1] else { return nil }
    let count = zip(outputs[0], outputs[1]).count { $0 != $1 }
    return "\(count) of \(outputs[0].count) outputs are not the same function of the input"
  }

  /// Whether an output's value holds only where some operation is defined.
  var isPartial: Bool {
    sides.contains { $0.evaluation.isPartial[$0.system.output] }
  }

  /// How the solved groups of both sides correspond.
  enum GroupMatch {
    /// Each has exactly one equilibrium.
    case unique
    /// Those that may have several equilibria have the same equations on both sides.
    case same
    /// At least one has no counterpart.
    case different(String)
  }

  /// How the groups correspond.
  var groupMatch: GroupMatch {
    // Equal digests mean equal equations, so a certificate of one holds for the other. A group whose tied
    // coordinates share one unknown was certified before they were merged.
    let certified = Set(
      sides.flatMap { side in
        side.evaluation.groups.filter { side.system.hasOneEquilibrium($0) }.map(\.digest)
      })
    let open = sides.map { side in side.evaluation.groups.filter { !certified.contains($0.digest) } }
    for (side, (own, others)) in zip(sides, [(open[0], open[1]), (open[1], open[0])]) {
      for group in own {
        let name = "the group of \"\(side.system.equations[group.members[0]].name)\""
        // Two copies of one group may be at different equilibria.
        if own.count(where: { $0.digest == group.digest }) > 1 {
          return .different("\(name) occurs twice, and is not known to have exactly one equilibrium")
        }
        if !others.contains(where: { $0.digest == group.digest }) {
          return .different(
            "\(name) has no counterpart, and is not known to have exactly one equilibrium")
        }
      }
    }
    return open[0].isEmpty ? .unique : .same
  }

  /// Why the proof failed, and where.
  func gap(_ reason: String) -> ProofGap {
    let known = sides.map { Set($0.evaluation.knownElements) }
    let reports = [(sides[0], known[1]), (sides[1], known[0])].map { side, others in
      side.evaluation.counterparts(of: side.system, among: others)
    }
    return ProofGap(
      reason: reason, first: reports[0].first, second: reports[1].first,
      correspondence: Correspondence(
        firstUnits: reports[0].units, secondUnits: reports[1].units, firstBlocks: reports[0].blocks,
        secondBlocks: reports[1].blocks))
  }
}

extension FieldEvaluation {
  /// The elements of an equation's value, including those that represent infinity; nil if it has no value.
  func elements(of equation: Int) -> [FieldElement]? {
    guard let values = values[equation] else { return nil }
    let symbols = Interpretation(challenge).withSymbols(values)
    return (0..<symbols.count).map { symbols[$0] }
  }

  /// The elements of all coordinates and of the input.
  fileprivate var knownElements: [FieldElement] {
    (0..<input.count).map { input[$0] } + values.indices.flatMap { elements(of: $0) ?? [] }
  }

  /// How many units and blocks have one of these elements, and the first unit without one.
  fileprivate func counterparts(
    of system: EquationSystem, among others: Set<FieldElement>
  ) -> (units: Correspondence.Share, blocks: Correspondence.Share, first: UnitPlace?) {
    var (units, blocks) = (
      Correspondence.Share(0, of: 0), Correspondence.Share(0, of: system.equations.count)
    )
    var first: UnitPlace?
    for equation in order {
      let size = system.equations[equation].size
      let met = elements(of: equation)?.map(others.contains) ?? [Bool](repeating: false, count: size)
      units.total += size
      units.count += met.count { $0 }
      if let index = met.firstIndex(of: false) {
        first = first ?? UnitPlace(equation: equation, block: system.equations[equation].name, index: index)
      } else {
        blocks.count += 1
      }
    }
    return (units, blocks, first)
  }
}
