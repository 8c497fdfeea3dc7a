import LinearAlgebra
import Operators

extension Softmin: InterpretedLinewise {
  func values(
    ofLine line: [FieldElement], signs: [Int8], in theory: Interpretation
  ) throws(FieldFailure) -> [(element: FieldElement, sign: Int8)] {
    try Softmax(dim: dim).values(
      ofLine: line.map(theory.fields.negative), signs: signs.map { -$0 }, in: theory)
  }
}
