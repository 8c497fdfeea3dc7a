import LinearAlgebra
import Testing

/// What a matrix is made of and cut into.
@Suite("Matrices") struct MatrixTests {
  private let matrix = Matrix<Double>([[1, 2, 3], [4, 5, 6]])

  @Test("Columns are cut out, put back and laid side by side")
  func columns() {
    #expect(matrix.columns(1..<3) == Matrix([[2, 3], [5, 6]]))
    #expect(matrix.columns(0..<3) == matrix)
    #expect(matrix.columns(2..<2) == Matrix(rows: 2, columns: 0, elements: []))
    var other = matrix
    other.replaceColumns(from: 1, with: Matrix([[7], [8]]))
    #expect(other == Matrix([[1, 7, 3], [4, 8, 6]]))
    let parts = [matrix.columns(0..<1), matrix.columns(1..<1), matrix.columns(1..<3)]
    #expect(Matrix(sideBySide: parts, rows: 2) == matrix)
  }

  @Test("Rows are read, overwritten, and selected in any order, more than once too")
  func rows() {
    #expect(Array(matrix.row(1)) == [4, 5, 6])
    #expect(matrix.selectingRows([1, 0, 1]) == Matrix([[4, 5, 6], [1, 2, 3], [4, 5, 6]]))
    #expect(matrix.selectingRows([]).rows == 0)
    var other = matrix
    other.replaceRow(0, with: [7, 8, 9])
    #expect(other.rowArrays == [[7, 8, 9], [4, 5, 6]])
  }

  @Test("Copies share their numbers until one of them changes")
  func copies() {
    var copy = matrix
    copy[0, 0] = 9
    #expect(matrix[0, 0] == 1 && copy[0, 0] == 9)
  }

  @Test("A transpose exchanges the indices, and twice is the matrix")
  func transpose() {
    #expect(matrix.transposed == Matrix([[1, 4], [2, 5], [3, 6]]))
    #expect(matrix.transposed.transposed == matrix)
  }

  @Test("A cast rounds to nearest, ties to even, beyond the range to infinity")
  func cast() {
    let numbers: [Double] = [1, 0x1p-24 + 1, 0x1.8p-23 + 1, 0x1p-150, 1e39, -1e39]
    let found = Matrix(rows: 1, columns: 6, elements: numbers).cast(to: Float.self).elements
    #expect(found == [1, 1, 0x1p-22 + 1, 0, .infinity, -.infinity])
  }

  @Test(
    "One number that is infinite or not a number is seen wherever it stands",
    arguments: [Double.infinity, -.infinity, .nan])
  func finite(value: Double) {
    for count in [1, 2, 15, 16, 17, 1000] {
      for place in Set([0, count / 2, count - 1]) {
        var numbers = [Double](repeating: .greatestFiniteMagnitude, count: count)
        #expect(allFinite(numbers))
        numbers[place] = value
        #expect(!allFinite(numbers), "\(value) at \(place) of \(count)")
      }
    }
  }

  @Test("Bits decide, not values: 0 and −0 differ, a NaN is itself")
  func bits() {
    #expect(haveSameBits([1.0, .nan], [1.0, .nan]))
    #expect(!haveSameBits([0.0], [-0.0]))
    #expect(!haveSameBits([1.0], [1.0, 1.0]))
    #expect(haveSameBits([Double](), [Double]()))
  }

  @Test("The largest magnitude and distance of slices; NaN is passed on")
  func norms() {
    #expect(largestMagnitude([-3.0, 2, 1][1...]) == 2)
    #expect(largestMagnitude([Double]()[...]) == 0)
    #expect(largestDistance([1.0, 5], [2.0, 2]) == 3)
  }
}
