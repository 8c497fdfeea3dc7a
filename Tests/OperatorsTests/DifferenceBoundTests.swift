import LinearAlgebra
import Operators
import Testing

/// How far nonlinearities carry differences: bounds that hold wherever one looks, and that something comes near.
@Suite("Bounds of differences")
struct DifferenceBoundTests {
  /// A nonlinearity with shapes of its ports, and the ports that hold the same numbers always.
  struct Case: CustomStringConvertible, Sendable {
    let nonlinearity: any DifferenceBounded
    let shapes: [[Int]]
    var fixed: Set<Int> = []
    /// The share of the bound that some pair of points reaches, in the maximum norm and in the Euclidean one.
    var reached = (maximum: 0.9, euclidean: 0.9)

    var description: String { "\(nonlinearity.briefDescription) of \(shapes)" }
  }

  static let cases: [Case] = {
    func layer(_ weights: Int, eps: Double = 1e-2) -> [Case] {
      let ports = [[Int]](repeating: [3, 4], count: weights)
      return [
        // A row's sum of magnitudes is 2 (1 − 1/n)/σ where its bound is √n/σ.
        Case(
          nonlinearity: try! LayerNormalization(normalizedShape: [4], eps: eps), shapes: ports, fixed: [1],
          reached: (0.6, [0.9, 0.8, 0.55][weights - 1])),
        Case(
          nonlinearity: try! RootMeanSquareNormalization(normalizedShape: [4], eps: eps),
          shapes: Array(ports.prefix(2)), fixed: [1], reached: (0.45, 0.9)),
      ]
    }
    return [
      Case(nonlinearity: Softmax(dim: -1), shapes: [[3, 2]]),
      Case(nonlinearity: Softmax(dim: 0), shapes: [[5, 3]], reached: (0.5, 0.5)),
      Case(nonlinearity: Softmin(dim: -1), shapes: [[3, 2]]),
      Case(
        nonlinearity: LogSoftmax(dim: -1), shapes: [[2, 4]], reached: (0.9, 0.6)),
      Case(nonlinearity: try! LargestElement(dim: [1], keepdim: false), shapes: [[3, 4]]),
      Case(nonlinearity: try! SmallestElement(dim: [0], keepdim: true), shapes: [[3, 4]]),
      Case(nonlinearity: try! LogSumExp(dim: [1], keepdim: false), shapes: [[3, 4]]),
      Case(
        nonlinearity: try! MaxPooling(kernelSize: [2, 2], stride: [1, 1]),
        shapes: [[2, 3, 3]], reached: (0.9, 0.9)),
      Case(nonlinearity: Maximum(), shapes: [[4], [4]]),
      Case(nonlinearity: Minimum(), shapes: [[4], [4]]),
      Case(nonlinearity: PReLU(), shapes: [[4], [4]], fixed: [1]),
      Case(
        nonlinearity: try! GroupNormalization(groups: 2, eps: 1e-2),
        shapes: [[4, 2, 1]], reached: (0.6, 0.9)),
      Case(
        nonlinearity: try! InstanceNormalization(eps: 1e-2), shapes: [[2, 4]],
        reached: (0.6, 0.9)),
    ] + layer(1) + layer(2) + layer(3)
  }()

  /// Two points, near each other or far apart, where slopes are large as well as anywhere.
  private func points(_ item: Case, _ round: Int, _ generator: inout SeededGenerator) -> (
    p: [[Double]], q: [[Double]]
  ) {
    let scale = [1e-3, 0.3, 3, 30][round % 4]
    let length = [1e-4, 0.1, 3][round / 4 % 3]
    let spread = item.shapes.map { shape in (0..<shape.reduce(1, *)).map { _ in generator.normal() } }
    // In every other round all coordinates of a port move alike, or by turns up and down.
    let p = item.shapes.enumerated().map { port, shape in
      (0..<shape.reduce(1, *)).map { item.fixed.contains(port) ? spread[port][$0] : scale * spread[port][$0] }
    }
    let kind = round / 12 % 4
    let q = p.enumerated().map { port, numbers in
      item.fixed.contains(port)
        ? numbers
        : numbers.enumerated().map { index, number in
          let step: Double =
            switch kind {
            case 0: generator.normal()
            case 1: 1.0
            case 2: index % 2 == 0 ? 1 : -1
            default: index == round % numbers.count ? 1 : 0
            }
          return number + length * step
        }
    }
    return (p, q)
  }

  private func value(_ item: Case, _ ports: [[Double]]) -> [Double] {
    item.nonlinearity.value(
      at: ports.map { Matrix(rows: 1, columns: $0.count, elements: $0) }, shapes: item.shapes
    ).elements
  }

  @Test("No pair of points moves apart by more than is said, and some by nearly as much", arguments: cases)
  func bounds(item: Case) throws {
    var generator = SeededGenerator(seed: 31)
    var reached = (maximum: 0.0, euclidean: 0.0)
    for round in 0..<4_800 {
      let (p, q) = points(item, round, &generator)
      let differences = zip(p, q).map { zip($0, $1).map { abs($0 - $1) } }
      let magnitudes = p.indices.map { item.fixed.contains($0) ? p[$0].map { abs($0) } : nil }
      let change = zip(value(item, p), value(item, q)).map { abs($0 - $1) }
      let bounds = try #require(
        item.nonlinearity.differenceBounds(differences, magnitudes: magnitudes, shapes: item.shapes))
      // Rounding of the two values, of which the differences are small ones.
      let rounding = 1e-13 * (1 + value(item, p).reduce(0) { max($0, abs($1)) })
      for (change, bound) in zip(change, bounds) {
        #expect(change <= bound * (1 + 1e-9) + rounding, "\(item), round \(round)")
        if change > 1e4 * rounding { reached.maximum = max(reached.maximum, change / bound) }
      }
      let factors = try #require(
        item.nonlinearity.euclideanBounds(magnitudes: magnitudes, shapes: item.shapes))
      let bound = zip(factors, differences).reduce(0) { sum, pair in
        sum + pair.0 * pair.0 * pair.1.reduce(0) { $0 + $1 * $1 }
      }.squareRoot()
      let length = change.reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(length <= bound * (1 + 1e-9) + 4 * rounding, "\(item), round \(round)")
      if length > 1e4 * rounding { reached.euclidean = max(reached.euclidean, length / bound) }
    }
    #expect(reached.maximum >= item.reached.maximum, "\(item): \(reached)")
    #expect(reached.euclidean >= item.reached.euclidean, "\(item): \(reached)")
  }

  @Test("A weight that is not always the same, or an eps of 0, leaves a normalisation without bounds")
  func unbounded() throws {
    let shapes = [[4], [4]]
    let differences = [[Double]](repeating: [1, 1, 1, 1], count: 2)
    let norm = try LayerNormalization(normalizedShape: [4], eps: 1e-5)
    #expect(norm.differenceBounds(differences, magnitudes: [nil, nil], shapes: shapes) == nil)
    #expect(norm.euclideanBounds(magnitudes: [nil, nil], shapes: shapes) == nil)
    let bare = try LayerNormalization(normalizedShape: [4], eps: 0)
    #expect(bare.differenceBounds([[1, 1, 1, 1]], magnitudes: [nil], shapes: [[4]]) == nil)
    #expect(bare.euclideanBounds(magnitudes: [nil], shapes: [[4]]) == nil)
    #expect(PReLU().differenceBounds(differences, magnitudes: [nil, nil], shapes: shapes) == nil)
    for product in [Product(), Quotient(), Power()] as [any Nonlinearity] {
      #expect(!(product is any DifferenceBounded))
    }
  }
}
