import LinearAlgebra

/// Matches the parameters of two models: first by name, then by equal numbers, if these are unique or the
/// parameters act on the same units.
func matchedParameters(
  _ first: ParameterTable, _ second: ParameterTable, comparison: FieldComparison?
) -> [ParameterMatch] {
  var matches: [ParameterMatch] = []
  var taken: Set<String> = []
  for parameter in first.parameters {
    guard let other = second[parameter.name] else { continue }
    let layout = parameter.tensor.layout(of: other.tensor)
    guard let layout = layout ?? (parameter.tensor.shape == other.tensor.shape ? .same : nil) else {
      continue
    }
    taken.insert(parameter.name)
    matches.append(
      ParameterMatch(first: parameter.name, second: parameter.name, basis: .name, layout: layout))
  }
  let open = (
    first.parameters.filter { !taken.contains($0.name) },
    second.parameters.filter { !taken.contains($0.name) }
  )
  matches += matchedByContent(open.0, open.1, comparison: comparison)
  let positions = Dictionary(uniqueKeysWithValues: first.parameters.enumerated().map { ($1.name, $0) })
  return matches.sorted { positions[$0.first]! < positions[$1.first]! }
}

/// Pairs of parameters that hold the same numbers.
private func matchedByContent(
  _ first: [ParameterTable.Parameter], _ second: [ParameterTable.Parameter], comparison: FieldComparison?
) -> [ParameterMatch] {
  var matches: [ParameterMatch] = []
  var taken: Set<String> = []
  let keys = comparison.map { comparison in
    (
      units(first, of: comparison.evaluations.first), units(second, of: comparison.evaluations.second)
    )
  }
  // Equal numbers in any order have one key, so that few pairs are compared.
  let candidates = Dictionary(grouping: second.indices) { second[$0].tensor.contentKey }
  for (index, parameter) in first.enumerated() {
    let alike = (candidates[parameter.tensor.contentKey] ?? []).filter {
      !taken.contains(second[$0].name) && parameter.tensor.layout(of: second[$0].tensor) != nil
    }
    let sameUnits = alike.filter { keys != nil && keys!.0[index] == keys!.1[$0] }
    let rivals = first.filter { $0.tensor.layout(of: parameter.tensor) != nil }.count
    guard let match = sameUnits.first ?? (alike.count == 1 && rivals == 1 ? alike[0] : nil) else { continue }
    taken.insert(second[match].name)
    matches.append(
      ParameterMatch(
        first: parameter.name, second: second[match].name, basis: .correspondence,
        layout: parameter.tensor.layout(of: second[match].tensor)!))
  }
  return matches
}

/// For each parameter the values of its equations, as an unordered set of units.
private func units(_ parameters: [ParameterTable.Parameter], of evaluation: FieldEvaluation) -> [[Set<
  FieldElement
>]] {
  parameters.map { parameter in
    parameter.equations.map { equation in
      guard let values = evaluation.values[equation] else { return [] }
      return Set((0..<values.count).map { values[$0] })
    }.sorted { ($0.min() ?? .zero) < ($1.min() ?? .zero) }
  }
}

extension Tensor<Double> {
  /// A key that depends on the elements but not on their order.
  fileprivate var contentKey: UInt64 {
    elements.reduce(UInt64(count)) { $0 &+ mix64($1.bitPattern) }
  }
}
