import Blocks
import LinearAlgebra
import Operators

/// An entry with its parameter: how its numbers depend on those of the parameter.
struct LabelledEntry {
  /// The parameter's name; nil for an entry without one.
  let label: String?
  private let kind: Kind

  private enum Kind {
    case term(any LinearMap<Double>)
    case offset(Offset<Double>)
  }

  /// A term: its entries depend on the parameter of its map.
  init(_ term: Term<Double>) {
    (label, kind) = (term.parameter, .term(term.map))
  }

  /// A constant summand: its numbers depend on its tensor through its map.
  init(_ offset: Offset<Double>) {
    (label, kind) = (offset.parameter, .offset(offset))
  }

  fileprivate var map: (any LinearMap<Double>)? {
    switch kind {
    case .term(let map): map
    case .offset(let offset): offset.map
    }
  }

  /// The shape of the parameter.
  fileprivate var shape: [Int]? {
    switch kind {
    case .term(let map): map.parameterShape
    case .offset(let offset): offset.tensor.shape
    }
  }

  /// The numbers of the parameter.
  fileprivate var tensor: Tensor<Double>? {
    switch kind {
    case .term(let map): map.parameter
    case .offset(let offset): offset.tensor
    }
  }

  /// The number of rows of the place.
  fileprivate var rows: Int {
    switch kind {
    case .term(let map): map.outputSize
    case .offset(let offset): offset.count
    }
  }

  /// The coefficients of the parameter's elements in a row.
  fileprivate func elements(inRow row: Int) -> ExactRow {
    switch kind {
    case .term(let map): ExactRow(row, ofElementsIn: map, count: map.parameter?.count ?? 0)
    case .offset(let offset): ExactRow(row, ofElementsIn: offset)
    }
  }

  /// Whether both are the same operator with parameters of one shape, so that no comparison is needed.
  fileprivate func isIdentical(to other: LabelledEntry) -> Bool {
    guard shape == other.shape else { return false }
    switch (map, other.map) {
    case (nil, nil): return true
    case (let ours?, let theirs?): return ours.isSameOperator(as: theirs)
    default: return false
    }
  }
}

extension [LabelledEntry] {
  /// Whether the sum of these entries depends on their parameter in the same way as the sum of the others,
  /// within the allowance.
  func dependsOnParameter(as others: [LabelledEntry], _ allowance: inout EntryAllowance) -> Bool {
    // With other numbers of the parameter, the other summands of the place would change too.
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

  /// A description of the entries, for a message.
  var text: String {
    map { $0.description }.joined(separator: " + ")
  }
}

extension LabelledEntry: CustomStringConvertible {
  /// The label, and the operator with its attributes.
  var description: String {
    guard let map else { return "\(label ?? "") as it is" }
    let values = map.attributes.map { "\($0.name): \($0.value)" }
    return "\(label ?? "") by \(type(of: map).typeName) of \(map.inputShape)"
      + (values.isEmpty ? "" : "(\(values.joined(separator: ", ")))")
  }
}
