import Blocks
import Equilibria
import LinearAlgebra
import Operators

/// Where a difference comes from: on one input the first block of one name whose value differs between the two models, and
/// the product in its pre-activation that differs most.
public struct DifferenceOrigin: Sendable, Equatable {
  /// The block's name.
  public let block: String
  /// The coordinate within the block, from 0.
  public let index: Int
  /// The first model's value there.
  public let first: Double
  /// The second model's value there.
  public let second: Double
  /// The summand of the pre-activation that differs most; nil where none does.
  public let summand: Summand?

  /// A summand of a pre-activation: a product of an entry and the coordinate that it reads, or the constant.
  public struct Summand: Sendable, Equatable {
    /// `fc1[3]`, `input[0]`, `b`.
    public let place: String
    /// The first model's value.
    public let first: Double
    /// The second model's value.
    public let second: Double
  }

  /// Looks for the origin on `x`, `[1, input]`; nil where the blocks' names do not correspond, or no block has values that
  /// differ.
  init?(on x: Matrix<Double>, first: EquationSystem, second: EquationSystem) {
    guard let ours = try? EquilibriumModel(first), let theirs = try? EquilibriumModel(second) else {
      return nil
    }
    let counterparts = counterpartsByName(network: first, model: second)
    let left = ours.solve(x, by: .standard).state
    let right = theirs.solve(x, by: .standard).state
    for index in ours.groups.flatMap(\.members) {
      guard let counterpart = counterparts[index] else { continue }
      let (a, b) = (left[index].row(0), right[counterpart].row(0))
      guard a.count == b.count, let row = firstDifference(a, b) else { continue }
      block = ours.blocks[index].name
      self.index = row
      self.first = a[a.startIndex + row]
      self.second = b[b.startIndex + row]
      summand = largestDifference(
        products(of: ours.blocks[index], row: row, state: left, x: x, names: ours.blocks.map(\.name)),
        products(
          of: theirs.blocks[counterpart], row: row, state: right, x: x, names: theirs.blocks.map(\.name)))
      return
    }
    return nil
  }
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

private func largestDifference(
  _ first: [String: Double], _ second: [String: Double]
) -> DifferenceOrigin.Summand? {
  let places = Set(first.keys).union(second.keys).sorted()
  let worst = places.map {
    DifferenceOrigin.Summand(place: $0, first: first[$0] ?? 0, second: second[$0] ?? 0)
  }
  .max { abs($0.first - $0.second) < abs($1.first - $1.second) }
  return worst.flatMap { $0.first == $0.second ? nil : $0 }
}
