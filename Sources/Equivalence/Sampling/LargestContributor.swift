import Equilibria
import LinearAlgebra
import Operators

/// On one input, the first block whose value differs between the two systems, and the product in its
/// pre-activation that differs most; one line, nil where the blocks cannot be paired.
func largestContributor(on x: Matrix<Double>, model: EquilibriumModel<Double>, proof: Proof) -> String? {
  let system = proof.network
  guard
    let ours = try? EquilibriumModel(
      inputShape: system.inputShape, blocks: system.equations, output: system.output)
  else { return nil }
  let left = ours.solve(x, by: .structured(GroupSolver())).state
  let right = model.solve(x, by: .structured(GroupSolver())).state
  for group in ours.groups {
    for index in group.members {
      guard let counterpart = proof.counterparts[index] else { continue }
      let (a, b) = (left[index].row(0), right[counterpart].row(0))
      guard a.count == b.count, let row = firstDifference(a, b) else { continue }
      let block = model.blocks[counterpart]
      let values =
        "\(block.name)[\(row)]: network \(a[a.startIndex + row]), equilibrium model \(b[b.startIndex + row])"
      let theirs = products(of: block, row: row, state: right, x: x, names: model.blocks.map(\.name))
      let expected = products(
        of: system.equations[index], row: row, state: left, x: x, names: system.equations.map(\.name))
      guard let worst = largestDifference(expected, theirs) else { return values }
      return "\(values); \(worst)"
    }
  }
  return nil
}

/// The place of the largest difference that is beyond rounding, or nil.
private func firstDifference(_ a: ArraySlice<Double>, _ b: ArraySlice<Double>) -> Int? {
  let scale = max(largestMagnitude(a), largestMagnitude(b))
  let differences = zip(a, b).map { abs($0 - $1) }
  guard let (index, worst) = differences.enumerated().max(by: { $0.element < $1.element }) else { return nil }
  return worst > 0x1p-40 * scale || worst.isNaN ? index : nil
}

/// The products `A[row, column]·z[column]` and constants that make up a pre-activation, by where they stand.
private func products(
  of block: Block<Double>, row: Int, state: [Matrix<Double>], x: Matrix<Double>, names: [String]
) -> [String: Double] {
  var products: [String: Double] = [:]
  for term in block.terms where row < term.map.outputSize {
    let (place, value): (String, Matrix<Double>)
    switch term.source {
    case .input: (place, value) = ("input", x)
    case .node(let index): (place, value) = (names[index], state[index])
    }
    term.map.forEachEntry(inRow: row) { column, weight in
      if weight != 0 { products["\(place)[\(column)]", default: 0] += weight * value[0, column] }
    }
  }
  for offset in block.offsets where row < offset.vector.count {
    products["b", default: 0] += offset.vector[row]
  }
  return products
}

private func largestDifference(_ network: [String: Double], _ model: [String: Double]) -> String? {
  let places = Set(network.keys).union(model.keys).sorted()
  let worst = places.map { ($0, network[$0] ?? 0, model[$0] ?? 0) }.max {
    abs($0.1 - $0.2) < abs($1.1 - $1.2)
  }
  guard let (place, ours, theirs) = worst, ours != theirs else { return nil }
  return "largest contributor \(place): network \(ours), equilibrium model \(theirs)"
}
