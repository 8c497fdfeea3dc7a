import LinearAlgebra
import Operators

/// Matches the parameters of two systems, and proves that both are one function of them.
struct ParameterProver {
  private let prover: FunctionProver
  private let first: ParameterTable
  private let second: ParameterTable
  private let matches: [ParameterMatch]

  /// A prover about the parameters of two systems.
  ///
  /// - Parameter comparison: Both sides' values with the numbers that they have, where these are known.
  init(_ prover: FunctionProver, function comparison: FieldComparison?) {
    self.prover = prover
    first = ParameterTable(prover.first)
    second = ParameterTable(prover.second)
    matches = matchedParameters(first, second, comparison: comparison)
  }

  /// The proof that follows from equal equations with equal parameters.
  var provedByEquations: ParameterProof {
    report(matches.isEmpty ? .nothingShared : .proved(ProofBasis(method: .equations)))
  }

  /// That there is no proof, for a reason.
  func unproved(_ reason: String) -> ParameterProof {
    report(matches.isEmpty ? .nothingShared : .notProved(reason))
  }

  /// The proof by random elements, where the function with the numbers of both files is known to be the same.
  func proof(given function: FunctionProof) -> ParameterProof {
    if let reason = reasonAgainst(function) { return unproved(reason) }
    guard !matches.isEmpty else { return report(.nothingShared) }
    return proofByElements
  }

  /// Whether all parameters of one side at least have been matched, and hold the same finite numbers wherever they stand:
  /// then a proof for all their values is one for those that they have.
  var coversSameNumbers: Bool {
    guard !matches.isEmpty, matches.count == first.entries.count || matches.count == second.entries.count,
      reasonOfNumbers == nil
    else { return false }
    return matches.allSatisfy { first[$0.first]!.tensor.layout(of: second[$0.second]!.tensor) == $0.layout }
  }

  /// The proof by random elements, which says nothing of the numbers that the parameters have.
  var proofByElements: ParameterProof {
    let comparison = prover.comparison(parameters: elements)
    if let reason = comparison.difference { return unproved("with random parameters, \(reason)") }
    switch comparison.parameterGroupMatch {
    case .different(let reason): return unproved("with random parameters, \(reason)")
    case .unique, .same:
      return report(
        .proved(
          ProofBasis(
            method: .field, errorBound: comparison.errorBound, whereDefined: comparison.isPartial)))
    }
  }

  private func reasonAgainst(_ function: FunctionProof) -> String? {
    if case .notProved = function {
      let other = matches.first { match in
        match.layout == .same
          && !(first[match.first]!.tensor.isIdentical(to: second[match.second]!.tensor))
      }
      return other.map { "the numbers of \"\($0.first)\" differ" }
        ?? "the functions of the input are not proved to be the same"
    }
    return reasonOfNumbers
  }

  /// Why random elements cannot stand for the numbers of a parameter.
  private var reasonOfNumbers: String? {
    for match in matches {
      for (table, name) in [(first, match.first), (second, match.second)] {
        guard let entry = table[name] else { continue }
        if !entry.isConsistent { return "\"\(name)\" has other numbers in another place" }
        if entry.tensor.elements.contains(where: { !$0.isFinite }) {
          return "\"\(name)\" has a number that is not finite"
        }
      }
      // Of one function at different values of its parameters the gradients differ.
      if let ours = first[match.first]?.tensor, let theirs = second[match.second]?.tensor,
        ours.elements != match.inFirstLayout(theirs)
      {
        return "the numbers of \"\(match.first)\" differ"
      }
    }
    return nil
  }

  /// Random elements for all matched parameters: those of the first side, and the same at their places in the second.
  private func elements(
    _ theory: Interpretation
  ) -> (first: [String: ParameterImages], second: [String: ParameterImages]) {
    var elements: (first: [String: ParameterImages], second: [String: ParameterImages]) = ([:], [:])
    for match in matches {
      let images = ParameterImages(
        name: match.first, count: first[match.first]!.tensor.count, functions: theory.functions)
      elements.first[match.first] = images
      elements.second[match.second] =
        match.layout == .transposed
        ? images.reordered(transposedOrder(second[match.second]!.tensor.shape)) : images
    }
    return elements
  }

  private func report(_ outcome: ParameterProof.Outcome) -> ParameterProof {
    let (ours, theirs) = (Set(matches.map(\.first)), Set(matches.map(\.second)))
    return ParameterProof(
      matches: matches, onlyFirst: first.entries.map(\.name).filter { !ours.contains($0) },
      onlySecond: second.entries.map(\.name).filter { !theirs.contains($0) },
      divided: matches.filter { first[$0.first]?.isConsistent != second[$0.second]?.isConsistent }.map(
        \.first),
      outcome: outcome)
  }
}

extension FieldComparison {
  /// How the groups correspond, for all values of the parameters: each must have its counterpart, since what is certified
  /// of the numbers in the files says nothing of others.
  fileprivate var parameterGroupMatch: GroupMatch {
    let digests = sides.map { $0.evaluation.groups.map(\.digest) }
    for own in digests where Set(own).count < own.count {
      return .different("a group of equations stands there twice")
    }
    guard Set(digests[0]) == Set(digests[1]) else {
      return .different("a group of equations that are solved has no counterpart")
    }
    return .same
  }
}
