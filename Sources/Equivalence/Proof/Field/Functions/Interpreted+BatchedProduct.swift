import LinearAlgebra
import Operators

extension BatchedProduct: Interpreted {
  func value(
    at ports: [FieldValues], shapes: [[Int]], in theory: Interpretation
  ) throws(FieldFailure) -> FieldValues {
    guard ports.allSatisfy({ !$0.hasSymbols }) else { throw .notFinite }
    let (m, k, n) = (shapes[0][shapes[0].count - 2], shapes[0].last!, shapes[1].last!)
    let count = ports[0].count / (m * k)
    var values = FieldValues(zeros: count * m * n)
    for component in 0..<3 {
      let field = theory.fields[component]
      let left = ports[0].component(component).map(field.scaled)
      let right = Array(ports[1].component(component))
      values.withView { view in
        let target = view.component(component)
        for index in 0..<count {
          // The columns of the right factor, each contiguous.
          let columns = (0..<n * k).map { right[index * k * n + $0 % k * n + $0 / k] }
          left.withUnsafeBufferPointer { left in
            columns.withUnsafeBufferPointer { columns in
              inParts(of: m, grain: 1 + productsPerPart / max(1, n * k), alignment: 2) { part in
                field.addProducts(
                  left.baseAddress! + (index * m + part.lowerBound) * k, columns.baseAddress!,
                  rows: part.count, columns: n, depth: k,
                  to: target + (index * m + part.lowerBound) * n, distance: n)
              }
            }
          }
        }
      }
    }
    return values
  }
}
