import LinearAlgebra
import Operators
import TestSupport
import Testing

/// A linear map says four times what it is: by its value, its transpose, its gradient and its entries. They are one map.
@Suite("Linear maps agree with themselves")
struct LinearMapAgreementTests {
  /// A map drawn at random: its type, attributes and shapes, or nil where they do not fit each other.
  static func map(seed: Int) -> (any LinearMap<Double>)? {
    var generator = SeededGenerator(seed: UInt64(seed))
    func integer(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    func tensor(_ shape: [Int]) -> Tensor<Double> {
      Tensor(shape: shape, elements: (0..<shape.reduce(1, *)).map { _ in generator.normal() })
    }
    func integers(_ count: Int, _ range: ClosedRange<Int>) -> Constant {
      .integers((0..<count).map { _ in integer(range) })
    }
    let rank = integer(1...3)
    let shape = (0...rank).map { _ in integer(1...6) }
    let padding = [1, rank, 2 * rank][integer(0...2)]
    let kernel = (0..<rank).map { _ in integer(1...3) }
    let type = LinearMapRegistry.all[seed % LinearMapRegistry.all.count]
    var given: [String: Constant] = [:]
    var parameter: Tensor<Double>?
    switch type.typeName {
    case "linear":
      let axis = integer(0...rank)
      let isTransposed = integer(0...1) == 1
      let extents = [integer(1...5), shape[axis]]
      parameter = tensor(isTransposed ? extents.reversed() : extents)
      given = [
        "dim": .integers([axis - (integer(0...1) == 1 ? rank + 1 : 0)]), "transposed": .flag(isTransposed),
      ]
    case "conv":
      let groups = [1, shape[0]][integer(0...1)]
      parameter = tensor([groups * integer(1...2), shape[0] / groups] + kernel)
      given = [
        "stride": integers(rank, 1...3), "padding": integers(padding, 0...3),
        "dilation": integers(rank, 1...2), "groups": .integers([groups]),
      ]
      if integer(0...3) == 0 { given.merge(["stride": .integers([1]), "padding": .word("same")]) { $1 } }
    case "conv_transpose":
      let groups = [1, shape[0]][integer(0...1)]
      parameter = tensor([shape[0], integer(1...2)] + kernel)
      given = [
        "stride": integers(rank, 1...3), "padding": integers(padding, 0...2),
        "output_padding": integers(rank, 0...2), "groups": .integers([groups]),
        "dilation": integers(rank, 1...3),
      ]
    case "avg_pool":
      given = [
        "kernel_size": .integers(kernel), "stride": integers(rank, 1...3),
        "padding": integers(padding, 0...2), "ceil_mode": .flag(integer(0...1) == 1),
        "count_include_pad": .flag(integer(0...1) == 1), "dilation": integers(rank, 1...2),
      ]
    case "scale":
      let weight = shape.map { integer(0...2) == 0 ? 1 : $0 }.suffix(integer(0...rank + 1))
      parameter = tensor(Array(weight))
      let factors = (0..<weight.reduce(1, *)).map { _ in generator.normal() }
      given = ["factors": .numbers(integer(0...1) == 1 ? factors : [])]
    case "multiply": given = ["factor": .number(generator.normal())]
    case "mean", "sum":
      given = [
        "dim": integers(integer(1...rank + 1), -1 - rank...rank), "keepdim": .flag(integer(0...1) == 1),
      ]
    case "reshape": given = ["shape": .integers([-1, shape[0]])]
    case "flatten": given = ["start_dim": integers(1, 0...rank)]
    case "permute": given = ["dims": .integers(Array(0...rank).shuffled(using: &generator))]
    case "slice":
      given = [
        "dim": integers(1, 0...rank), "start": integers(1, -6...6), "end": integers(1, -6...6),
        "step": integers(1, 1...3),
      ]
    case "place":
      given = ["dim": integers(1, 0...rank), "start": integers(1, 0...3), "total": integers(1, 4...9)]
    case "pad": given = ["padding": integers(2 * (rank + 1), -1...2)]
    case "index_select": given = ["dim": .integers([0]), "index": integers(integer(1...4), 0...shape[0] - 1)]
    case "upsample": given = ["scale_factor": integers(rank, 1...3)]
    case "expand":
      let factors = (0..<shape.reduce(1, *)).map { _ in generator.normal() }
      given = [
        "shape": .integers([2] + shape.map { $0 == 1 ? 3 : $0 }),
        "factors": .numbers(integer(0...1) == 1 ? factors : []),
      ]
    default:
      // No rule of its own: one of the oracle's examples.
      let examples = OperatorExample.maps.filter { $0.type == type.typeName }
      return try? examples.randomElement(using: &generator)?.map()
    }
    return try? type.init(inputShape: shape, parameter: parameter, given)
  }

  static let seeds = (0..<1800).filter { map(seed: $0) != nil }

  func random(_ rows: Int, _ columns: Int, seed: Int) -> Matrix<Double> {
    var generator = SeededGenerator(seed: UInt64(seed) ^ 0xABCD)
    return Matrix(
      rows: rows, columns: columns, elements: (0..<rows * columns).map { _ in generator.normal() })
  }

  func inner(_ left: [Double], _ right: [Double]) -> Double {
    zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
  }

  @Test("Every type is drawn many times")
  func coverage() {
    let counts = Dictionary(grouping: Self.seeds) { type(of: Self.map(seed: $0)!).typeName }
    for type in LinearMapRegistry.all {
      #expect((counts[type.typeName]?.count ?? 0) >= 15, "\(type.typeName)")
    }
  }

  @Test("The summands add up to the entries, and say which element stands in each", arguments: seeds)
  func summands(seed: Int) throws {
    let map = try #require(Self.map(seed: seed))
    guard map.inputSize <= 60, map.outputSize <= 60 else { return }
    let numbers = map.parameter?.elements
    for row in 0..<map.outputSize {
      var entries = [Double](repeating: 0, count: map.inputSize)
      map.forEachEntry(inRow: row) { entries[$0] = $1 }
      var sums = [Double](repeating: 0, count: map.inputSize)
      var derivatives = [[Int: Double]](repeating: [:], count: map.inputSize)
      map.forEachSummand(inRow: row) { summand in
        let share = summand.factor / Double(summand.divisor)
        sums[summand.column] += share * (summand.element.map { numbers![$0] } ?? 1)
        if let element = summand.element { derivatives[summand.column][element, default: 0] += share }
      }
      #expect(zip(entries, sums).allSatisfy { abs($0 - $1) <= 4e-16 * abs($0) })
      // The gradient of an entry with respect to the parameter says independently which elements stand in it.
      guard numbers != nil else { continue }
      for column in 0..<map.inputSize {
        let (g, x) = (unit(map.outputSize, row), unit(map.inputSize, column))
        let gradient = try #require(map.parameterGradient(cotangent: g, input: x))
        for (element, derivative) in gradient.elements.enumerated() {
          #expect(derivative == derivatives[column][element, default: 0])
        }
      }
    }
  }

  private func unit(_ size: Int, _ index: Int) -> Matrix<Double> {
    var unit = Matrix<Double>(rows: 1, columns: size)
    unit[0, index] = 1
    return unit
  }

  @Test("What averages divide by is said as an integer, since its reciprocal is rounded")
  func divisors() throws {
    func summands(_ map: any LinearMap<Double>, row: Int) -> [EntrySummand] {
      var all: [EntrySummand] = []
      map.forEachSummand(inRow: row) { all.append($0) }
      return all
    }
    let mean = try Mean<Double>(inputShape: [2, 3], dim: 1)
    #expect(summands(mean, row: 1) == (3..<6).map { EntrySummand(column: $0, divisor: 3) })
    let pooling = try AveragePooling<Double>(
      inputShape: [1, 5], kernelSize: 3, stride: 2, padding: 1, countIncludePad: false)
    #expect(summands(pooling, row: 0) == [0, 1].map { EntrySummand(column: $0, divisor: 2) })
    #expect(summands(pooling, row: 1) == [1, 2, 3].map { EntrySummand(column: $0, divisor: 3) })
    let scale = try Scale<Double>(inputShape: [2], weight: Tensor([0.1, 0.2]), factors: [0.3, 0.7])
    #expect(summands(scale, row: 1) == [EntrySummand(column: 1, element: 1, factor: 0.7)])
  }

  @Test("The entries are the columns that unit vectors give, by ascending column", arguments: seeds)
  func entries(seed: Int) throws {
    let map = try #require(Self.map(seed: seed))
    guard map.inputSize <= 400 else { return }
    var unit = Matrix<Double>(rows: map.inputSize, columns: map.inputSize)
    for index in 0..<map.inputSize { unit[index, index] = 1 }
    var columns = Matrix<Double>(rows: map.inputSize, columns: map.outputSize)
    map.add(of: unit, to: &columns)
    var written = Matrix<Double>(rows: map.outputSize, columns: map.inputSize)
    for row in 0..<map.outputSize {
      var last = -1
      map.forEachEntry(inRow: row) { column, value in
        #expect(column > last)
        last = column
        written[row, column] = value
      }
    }
    // A unit vector picks an entry out without rounding.
    #expect(written.elements == columns.transposed.elements)
    #expect(map.matrix.elements == written.elements)
  }

  @Test("⟨g, A x⟩ = ⟨Aᵀ g, x⟩, and ⟨∂/∂W ⟨g, A x⟩, W⟩ is the same number again", arguments: seeds)
  func adjoint(seed: Int) throws {
    let map = try #require(Self.map(seed: seed))
    let x = random(3, map.inputSize, seed: seed)
    let g = random(3, map.outputSize, seed: seed + 1)
    // Values are added to what is there.
    var y = Matrix<Double>(rows: 3, columns: map.outputSize, repeating: 1)
    map.add(of: x, to: &y)
    for index in y.elements.indices { y.elements[index] -= 1 }
    var e = Matrix<Double>(rows: 3, columns: map.inputSize, repeating: 1)
    map.addTransposed(of: g, to: &e)
    for index in e.elements.indices { e.elements[index] -= 1 }
    let value = inner(g.elements, y.elements)
    let scale = max(1, inner(g.elements.map(abs), y.elements.map(abs)))
    #expect(abs(value - inner(e.elements, x.elements)) <= 1e-12 * scale)
    let gradient = map.parameterGradient(cotangent: g, input: x)
    #expect(gradient?.shape == map.parameter?.shape)
    if let gradient, let parameter = map.parameter {
      // A is linear in its parameter.
      #expect(abs(value - inner(gradient.elements, parameter.elements)) <= 1e-12 * scale)
    }
    #expect(type(of: map).hasParameter == (map.parameter != nil))
  }

  @Test("A copy in another precision is the same operator, and back again identical", arguments: seeds)
  func casting(seed: Int) throws {
    let map = try #require(Self.map(seed: seed))
    let float = map.cast(to: Float.self)
    #expect(type(of: float).typeName == type(of: map).typeName)
    #expect(float.attributes == map.attributes)
    #expect(float.inputShape == map.inputShape && float.outputShape == map.outputShape)
    let x = random(2, map.inputSize, seed: seed)
    var (y, rounded) = (
      Matrix<Double>(rows: 2, columns: map.outputSize), Matrix<Float>(rows: 2, columns: map.outputSize)
    )
    map.add(of: x, to: &y)
    float.add(of: x.cast(to: Float.self), to: &rounded)
    let largest = y.elements.map { abs($0) }.max() ?? 0
    #expect(
      zip(y.elements, rounded.elements).allSatisfy { abs($0 - Double($1)) <= 1e-5 * max(1, largest) })
    let back = float.cast(to: Double.self)
    #expect(back.cast(to: Float.self).isIdentical(to: float))
    if map.parameter == nil { #expect(back.isIdentical(to: map)) }
  }

  @Test("Index maps that differ are not identical in single precision either")
  func castIdentity() throws {
    let reshape = try Reshape<Double>(inputShape: [4, 4], shape: [4, 4])
    let permute = try Permute<Double>(inputShape: [4, 4], dims: [1, 0])
    #expect(!reshape.cast(to: Float.self).isIdentical(to: permute.cast(to: Float.self)))
  }

  @Test("A bias lies over the output as `expand` takes it", arguments: seeds)
  func bias(seed: Int) throws {
    let map = try #require(Self.map(seed: seed))
    let expand = try Expand<Double>(
      inputShape: map.biasShape, shape: map.outputShape, dim: IntegerList(map.biasDims))
    #expect(expand.outputShape == map.outputShape)
  }
}
