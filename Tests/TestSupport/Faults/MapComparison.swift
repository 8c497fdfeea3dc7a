import LinearAlgebra
import Operators

/// The first entry in which two maps differ: where it stands, and both values.
package struct EntryDifference {
  package let row: Int
  package let column: Int
  package let before: Double
  package let after: Double
}

extension LinearMap<Double> {
  /// The first entry that is another number, or 0 of another sign, in `other`, a map of the same sizes; nil where all are
  /// the same, which makes the maps the same equations.
  package func firstDifference(from other: any LinearMap<Double>) -> EntryDifference? {
    for row in 0..<outputSize {
      var (ours, theirs) = ([Int: Double](), [Int: Double]())
      forEachEntry(inRow: row) { ours[$0] = $1 }
      other.forEachEntry(inRow: row) { theirs[$0] = $1 }
      for column in Set(ours.keys).union(theirs.keys).sorted() {
        let (before, after) = (ours[column] ?? 0, theirs[column] ?? 0)
        if before.bitPattern != after.bitPattern {
          return EntryDifference(row: row, column: column, before: before, after: after)
        }
      }
    }
    return nil
  }

  /// Whether some entry is not 0.
  var isNonzero: Bool {
    var isNonzero = false
    for row in 0..<outputSize where !isNonzero {
      forEachEntry(inRow: row) { if $1 != 0 { isNonzero = true } }
    }
    return isNonzero
  }

  /// Whether the entries follow from the parameter as those of `other` do, a map of the same sizes with a parameter of the
  /// same shape.
  func followsParameter(as other: any LinearMap<Double>) -> Bool {
    guard let shape = parameterShape, shape == other.parameterShape else { return false }
    // Numbers no two of which are equal.
    let numbers = (0..<shape.reduce(1, *)).map { 1 + Double($0) }
    let tensor = Tensor(shape: shape, elements: numbers)
    guard let ours = with(parameter: tensor), let theirs = other.with(parameter: tensor) else { return false }
    return ours.firstDifference(from: theirs) == nil
  }
}

extension Nonlinearity {
  /// Whether another nonlinearity has another value somewhere among some numbers.
  package func differs(
    from other: any Nonlinearity, portShapes: [[Int]], using generator: inout SeededGenerator
  )
    -> Bool
  {
    let ports = portShapes.map { shape in
      let count = shape.reduce(1, *)
      return Matrix<Double>(
        rows: 4, columns: count, elements: (0..<4 * count).map { _ in 3 * generator.normal() })
    }
    return !haveSameBits(
      value(at: ports, shapes: portShapes).elements, other.value(at: ports, shapes: portShapes).elements)
  }
}
