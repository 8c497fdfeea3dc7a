import LinearAlgebra
import Testing

/// Products through BLAS against a plain loop in double precision, whose rounding bounds what they may differ by.
@Suite("Matrix products") struct MatrixProductTests {
  /// Sizes about the borders of BLAS's blocks, and those where one side is 1 or 0.
  static let sizes: [(m: Int, n: Int, k: Int)] = [
    (1, 1, 1), (2, 3, 4), (1, 7, 5), (7, 1, 5), (5, 7, 1), (3, 4, 0), (0, 4, 3), (4, 0, 3), (16, 16, 16),
    (17, 31, 33), (64, 10, 129), (127, 5, 66), (2, 300, 257),
  ]

  private func random<S: Scalar>(_ rows: Int, _ columns: Int, seed: UInt64, as type: S.Type) -> Matrix<S> {
    var generator = SeededGenerator(seed: seed)
    return Matrix(
      rows: rows, columns: columns, elements: (0..<rows * columns).map { _ in S(generator.normal()) })
  }

  /// `Σ_k a(i, k) b(k, j)` and `Σ_k |a(i, k) b(k, j)|`, each by a loop over doubles.
  private func loop(
    _ m: Int, _ n: Int, _ k: Int, _ a: (Int, Int) -> Double, _ b: (Int, Int) -> Double
  ) -> (sum: [Double], magnitude: [Double]) {
    var (sum, magnitude) = ([Double](repeating: 0, count: m * n), [Double](repeating: 0, count: m * n))
    for i in 0..<m {
      for j in 0..<n {
        for l in 0..<k {
          sum[i * n + j] += a(i, l) * b(l, j)
          magnitude[i * n + j] += abs(a(i, l) * b(l, j))
        }
      }
    }
    return (sum, magnitude)
  }

  /// Whether every entry lies within `(k + 2) ε Σ|a b|` of the loop's (Higham, 2002, section 3.1), for both roundings.
  private func agrees<S: Scalar>(_ c: Matrix<S>, _ k: Int, _ loop: (sum: [Double], magnitude: [Double]))
    -> Bool
  {
    let epsilon = Double(S.ulpOfOne)
    return c.elements.indices.allSatisfy {
      abs(Double(c.elements[$0]) - loop.sum[$0]) <= Double(k + 2) * 2 * epsilon * loop.magnitude[$0]
    }
  }

  private func check<S: Scalar>(_ size: (m: Int, n: Int, k: Int), as type: S.Type) {
    let (m, n, k) = size
    let (a, b) = (random(m, k, seed: 1, as: type), random(k, n, seed: 2, as: type))
    let expected = loop(m, n, k, { Double(a[$0, $1]) }, { Double(b[$0, $1]) })
    #expect(agrees(.product(a, times: b), k, expected), "A·B \(size) \(type)")
    #expect(agrees(.product(a, timesTransposed: b.transposed), k, expected), "A·Bᵀ \(size) \(type)")
    #expect(agrees(.product(transposed: a.transposed, times: b), k, expected), "Aᵀ·B \(size) \(type)")
  }

  @Test("A·B, A·Bᵀ and Aᵀ·B are the sums of a plain loop, in both precisions", arguments: sizes.indices)
  func products(index: Int) {
    check(Self.sizes[index], as: Double.self)
    check(Self.sizes[index], as: Float.self)
  }

  @Test("Adding a product adds to what is there", arguments: sizes.indices)
  func sums(index: Int) {
    let (m, n, k) = Self.sizes[index]
    let (a, b) = (random(m, k, seed: 3, as: Double.self), random(k, n, seed: 4, as: Double.self))
    let start = random(m, n, seed: 5, as: Double.self)
    var expected = loop(m, n, k, { a[$0, $1] }, { b[$0, $1] })
    for index in start.elements.indices {
      expected.sum[index] += start.elements[index]
      expected.magnitude[index] += abs(start.elements[index])
    }
    var (first, second, third) = (start, start, start)
    first.add(a, times: b)
    second.add(a, timesTransposed: b.transposed)
    third.add(transposed: a.transposed, times: b)
    for c in [first, second, third] { #expect(agrees(c, k, expected)) }
  }

  @Test("A product of small integers is exact, so that a wrong index cannot hide in rounding")
  func exact() {
    let (m, n, k) = (19, 23, 29)
    let a = Matrix<Float>(rows: m, columns: k, elements: (0..<m * k).map { Float($0 % 13 - 6) })
    let b = Matrix<Float>(rows: k, columns: n, elements: (0..<k * n).map { Float($0 % 11 - 5) })
    let expected = loop(m, n, k, { Double(a[$0, $1]) }, { Double(b[$0, $1]) }).sum
    #expect(Matrix.product(a, times: b).elements.map(Double.init) == expected)
    #expect(Matrix.product(a, timesTransposed: b.transposed).elements.map(Double.init) == expected)
    #expect(Matrix.product(transposed: a.transposed, times: b).elements.map(Double.init) == expected)
  }

  @Test("A vector is added to every row, and rows are summed, over as many threads as there are")
  func rows() {
    // More elements than one thread takes at once.
    let (count, width) = (elementsPerPart / 50, 150)
    var matrix = Matrix<Double>(
      rows: count, columns: width, elements: (0..<count * width).map { Double($0 % 17 - 8) })
    let vector = (0..<width).map { Double($0 % 5) }
    let sums = (0..<width).map { column in (0..<count).reduce(0.0) { $0 + matrix[$1, column] } }
    #expect(matrix.sumOfRows == sums)
    matrix.addToEveryRow(vector)
    #expect(matrix.sumOfRows == zip(sums, vector).map { $0 + Double(count) * $1 })
  }
}
