import LinearAlgebra
import Operators

/// An entry with the parameter that it carries: how its numbers follow from those of the parameter.
struct Labelled {
  /// The parameter's name; nil for an entry that has none.
  let label: String?
  private let map: (any LinearMap<Double>)?
  private let tensor: Tensor<Double>?
  private let isOffset: Bool

  /// A term: its entries follow from the parameter of its map.
  init(_ term: Term<Double>) {
    (label, map, tensor, isOffset) = (term.parameter, term.map, term.map.parameter, false)
  }

  /// A constant summand: its numbers follow from its tensor by its map.
  init(_ offset: Offset<Double>) {
    (label, map, tensor, isOffset) = (offset.parameter, offset.map, offset.tensor, true)
  }

  /// The shape of the parameter.
  fileprivate var shape: [Int]? { tensor?.shape }

  /// Whether both are the same operator of parameters of one shape, so that there is nothing to find out.
  fileprivate func isIdentical(to other: Labelled) -> Bool {
    guard isOffset == other.isOffset, tensor?.shape == other.tensor?.shape else { return false }
    switch (map, other.map) {
    case (nil, nil): return true
    case (let ours?, let theirs?):
      return type(of: ours).typeName == type(of: theirs).typeName && ours.inputShape == theirs.inputShape
        && ours.constants == theirs.constants
    default: return false
    }
  }

  /// Numbers to put in place of a parameter's. Entries are linear in it: ones show by which factors it stands in each,
  /// numbers no two of which are equal, which elements.
  fileprivate static let probes: [@Sendable (_ index: Int) -> Double] = [
    { _ in 1 }, { Double($0 + 1) }, { Double(mix64(UInt64($0)) >> 11) * 0x1p-53 },
  ]

  /// The numbers that follow from a parameter of these numbers, row by row; nil where the map takes no other.
  fileprivate func entries(_ probe: (Int) -> Double) -> [any LinearMap<Double>]? {
    guard let tensor else { return nil }
    let numbers = Tensor(shape: tensor.shape, elements: (0..<tensor.count).map(probe))
    if isOffset {
      let vector = (map.map { Offset(tensor: numbers, map: $0) } ?? Offset(tensor: numbers)).vector
      return [DenseMap(Matrix(rows: 1, columns: vector.count, elements: vector))]
    }
    return map?.with(parameter: numbers).map { [$0] }
  }
}

extension [Labelled] {
  /// Whether the sum of these entries follows from their parameter as that of the others does.
  func follow(as others: [Labelled]) -> Bool {
    if count == 1, others.count == 1, self[0].isIdentical(to: others[0]) { return true }
    guard Set(map(\.shape)) == Set(others.map(\.shape)) else { return false }
    return Labelled.probes.allSatisfy { probe in
      guard let ours = entries(probe), let theirs = others.entries(probe), ours.count == theirs.count else {
        return false
      }
      return zip(ours, theirs).allSatisfy { $0.firstDifference(from: $1) == nil }
    }
  }

  /// The sum of what all entries have at the rows of their place, for a parameter of these numbers.
  private func entries(_ probe: (Int) -> Double) -> [ExactRow]? {
    var maps: [any LinearMap<Double>] = []
    for entry in self {
      guard let own = entry.entries(probe) else { return nil }
      maps += own
    }
    guard let first = maps.first else { return nil }
    return (0..<first.outputSize).map { ExactRow($0, of: maps) }
  }

  /// How the entries are made, for a message.
  var text: String {
    map { $0.description }.joined(separator: " + ")
  }
}

extension Labelled: CustomStringConvertible {
  /// The label, and the operator with its constants.
  var description: String {
    guard let map else { return "\(label ?? "") as it is" }
    let values = zip(type(of: map).constantDescriptions, map.constants).map { "\($0.name): \($1)" }
    return "\(label ?? "") by \(type(of: map).typeName) of \(map.inputShape)"
      + (values.isEmpty ? "" : "(\(values.joined(separator: ", ")))")
  }
}

extension LinearMap<Double> {
  /// The same map of another parameter, or nil where it takes none.
  fileprivate func with(parameter: Tensor<Double>) -> (any LinearMap<Double>)? {
    try? Self(inputShape: inputShape, parameter: parameter, constants: constants)
  }
}
