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
  /// - Parameter comparison: Both sides' values with their own numbers, if known.
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

  /// A missing proof, with its reason.
  func unproved(_ reason: String) -> ParameterProof {
    report(matches.isEmpty ? .nothingShared : .notProved(reason))
  }

  /// The proof by random elements, if the functions with the numbers of both files are known to be equal.
  func proof(given function: FunctionProof) -> ParameterProof {
    if let reason = reasonAgainst(function) { return unproved(reason) }
    guard !matches.isEmpty else { return report(.nothingShared) }
    return proofByElements
  }

  /// Whether all parameters of at least one side are matched, and hold the same finite numbers everywhere.
  /// A proof for all values then includes the values in the files.
  var coversSameNumbers: Bool {
    guard !matches.isEmpty,
      matches.count == first.parameters.count || matches.count == second.parameters.count,
      reasonOfNumbers == nil
    else { return false }
    return matches.allSatisfy { first[$0.first]!.tensor.layout(of: second[$0.second]!.tensor) == $0.layout }
  }

  /// The proof by random elements, which does not depend on the parameters' numbers.
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

  /// Why random elements cannot replace the numbers of a parameter.
  private var reasonOfNumbers: String? {
    for match in matches {
      for (table, name) in [(first, match.first), (second, match.second)] {
        guard let entry = table[name] else { continue }
        if !entry.isConsistent { return "\"\(name)\" has different numbers in different places" }
        if entry.tensor.elements.contains(where: { !$0.isFinite }) {
          return "\"\(name)\" has a number that is not finite"
        }
      }
      // The gradients of one function at different values of its parameters differ.
      if let ours = first[match.first]?.tensor, let theirs = second[match.second]?.tensor,
        ours.elements != match.inFirstLayout(theirs)
      {
        return "the numbers of \"\(match.first)\" differ"
      }
    }
    return nil
  }

  /// Random elements for all matched parameters: those of the first side, and the same ones at their
  /// positions in the second.
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
      matches: matches, onlyFirst: first.parameters.map(\.name).filter { !ours.contains($0) },
      onlySecond: second.parameters.map(\.name).filter { !theirs.contains($0) },
      divided: matches.filter { first[$0.first]?.isConsistent != second[$0.second]?.isConsistent }.map(
        \.first),
      outcome: outcome)
  }
}

extension FieldComparison {
  /// The correspondence of the groups for all values of the parameters. Each must have its counterpart,
  /// since a certificate for the numbers in the files does not hold for others.
  fileprivate var parameterGroupMatch: GroupMatch {
    let digests = sides.map { $0.evaluation.groups.map(\.digest) }
    for own in digests where Set(own).count < own.count {
      return .different("a group of equations occurs twice")
    }
    guard Set(digests[0]) == Set(digests[1]) else {
      return .different("a group of equations that are solved has no counterpart")
    }
    return .same
  }
}
