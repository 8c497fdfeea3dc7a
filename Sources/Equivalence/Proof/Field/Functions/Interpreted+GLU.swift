import LinearAlgebra
import Operators

extension GLU: Interpreted {
  func value(
    at ports: [FieldValues], shapes: [[Int]], in theory: Interpretation
  ) throws(FieldFailure) -> FieldValues {
    guard !ports[0].hasSymbols else { throw .notFinite }
    let halves: (first: Slice<Double>, second: Slice<Double>) = halves(of: shapes[0])
    var values = FieldValues(zeros: halves.first.outputSize)
    for output in 0..<values.count {
      // Each row of a slice has one entry.
      halves.first.forEachEntry(inRow: output) { column, _ in values[output] = ports[0][column] }
      halves.second.forEachEntry(inRow: output) { column, _ in
        values[output] = theory.fields.product(values[output], theory.sigmoid(ports[0][column]))
      }
    }
    return values
  }

  func grow(_ growth: inout FieldGrowth, shapes: [[Int]]) { growth.factors = 2 }
}
