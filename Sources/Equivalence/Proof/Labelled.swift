import Blocks
import LinearAlgebra
import Operators

/// An entry with the parameter that it carries: how its numbers follow from those of the parameter.
struct Labelled {
  /// The parameter's name; nil for an entry that has none.
  let label: String?
  private let entry: Entry

  private enum Entry {
    case term(any LinearMap<Double>)
    case offset(Offset<Double>)
  }

  /// A term: its entries follow from the parameter of its map.
  init(_ term: Term<Double>) {
    (label, entry) = (term.parameter, .term(term.map))
  }

  /// A constant summand: its numbers follow from its tensor by its map.
  init(_ offset: Offset<Double>) {
    (label, entry) = (offset.parameter, .offset(offset))
  }

  fileprivate var map: (any LinearMap<Double>)? {
    switch entry {
    case .term(let map): map
    case .offset(let offset): offset.map
    }
  }

  /// The shape of the parameter.
  fileprivate var shape: [Int]? {
    switch entry {
    case .term(let map): map.parameterShape
    case .offset(let offset): offset.tensor.shape
    }
  }

  /// The numbers of the parameter.
  fileprivate var tensor: Tensor<Double>? {
    switch entry {
    case .term(let map): map.parameter
    case .offset(let offset): offset.tensor
    }
  }

  /// The number of rows of the place.
  fileprivate var rows: Int {
    switch entry {
    case .term(let map): map.outputSize
    case .offset(let offset): offset.count
    }
  }

  /// The factors by which the parameter's elements stand in a row.
  fileprivate func elements(inRow row: Int) -> ExactRow {
    switch entry {
    case .term(let map): ExactRow(row, ofElementsIn: map, count: map.parameter?.count ?? 0)
    case .offset(let offset): ExactRow(row, ofElementsIn: offset)
    }
  }

  /// Whether both are the same operator of parameters of one shape, so that there is nothing to find out.
  fileprivate func isIdentical(to other: Labelled) -> Bool {
    guard shape == other.shape else { return false }
    switch (map, other.map) {
    case (nil, nil): return true
    case (let ours?, let theirs?): return ours.isSameOperator(as: theirs)
    default: return false
    }
  }
}

extension [Labelled] {
  /// Whether the sum of these entries follows from their parameter as that of the others does, as far as the allowance
  /// goes.
  func follow(as others: [Labelled], _ allowance: inout EntryAllowance) -> Bool {
    // With other numbers of the parameter, what else adds up in the place would be other numbers too.
    guard let first, let tensor = first.tensor,
      (self + others).allSatisfy({ $0.tensor.map(tensor.isIdentical) ?? false })
    else { return false }
    if count == 1, others.count == 1, first.isIdentical(to: others[0]) { return true }
    let maps = (self + others).compactMap(\.map)
    for row in 0..<first.rows {
      guard allowance.allows(rowOf: maps) else { return false }
      let ours = ExactRow(sumOf: map { $0.elements(inRow: row) })
      let theirs = ExactRow(sumOf: others.map { $0.elements(inRow: row) })
      guard ours.firstDifference(from: theirs) == nil else { return false }
    }
    return true
  }

  /// How the entries are made, for a message.
  var text: String {
    map { $0.description }.joined(separator: " + ")
  }
}

extension Labelled: CustomStringConvertible {
  /// The label, and the operator with its attributes.
  var description: String {
    guard let map else { return "\(label ?? "") as it is" }
    let values = map.attributes.map { "\($0.name): \($0.value)" }
    return "\(label ?? "") by \(type(of: map).typeName) of \(map.inputShape)"
      + (values.isEmpty ? "" : "(\(values.joined(separator: ", ")))")
  }
}
