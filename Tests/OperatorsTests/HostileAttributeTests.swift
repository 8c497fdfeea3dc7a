import LinearAlgebra
import Operators
import Testing

/// Whatever a file says of an operator is refused with a reason, or makes one: nothing traps and nothing is allocated for
/// sizes that are only claimed.
@Suite("Attributes that make no sense")
struct HostileAttributeTests {
  static let shapes: [[Int]] = [
    [4], [4, 6], [2, 5, 4], [2, 3, 4, 5], [1], [], [0], [3, 0, 2], [-1, 4], [1 << 40], [1 << 32, 1 << 32],
    [.max, .max], [2, 2, 2, 2, 2, 2],
  ]
  static let integers: [[Int]] = [
    [], [0], [1], [2], [-1], [-2], [3], [7], [.max], [.min], [1 << 40], [1 << 27], [1, 2], [0, 0], [2, 0, 1],
    [-1, -1], [1 << 32, 1 << 32], [.max, 2], [1, 1, 1, 1], [.min, .max, .min, .max],
    [1 << 20, 1 << 20, 1 << 20],
    [0, 1 << 40, 0, 1 << 40], [1, 0, 0, 2, 0, 1],
  ]
  static let numbers: [Double] = [
    0, -0.0, 1, -1, 0.5, 1e300, -1e300, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
  ]

  /// The attributes of an operator, each at its default or drawn from values that are mostly wrong.
  static func attributes(of schema: OperatorSchema, using generator: inout SeededGenerator) -> [String:
    Constant]
  {
    var given: [String: Constant] = [:]
    for attribute in schema.attributes
    where Int.random(in: 0..<2, using: &generator) != 0 || attribute.defaultValue == nil {
      given[attribute.name] = constant(attribute.kind, using: &generator)
    }
    return given
  }

  private static func constant(
    _ kind: OperatorSchema.Attribute.Kind, using generator: inout SeededGenerator
  ) -> Constant {
    switch kind {
    case .number: .number(numbers.randomElement(using: &generator)!)
    case .numbers:
      .numbers(
        [[], [1], [1, 2, 3, 4], [Double](repeating: 0.5, count: 24)].randomElement(using: &generator)!)
    case .integers: .integers(integers.randomElement(using: &generator)!)
    case .integersOrWord(let words):
      Bool.random(using: &generator)
        ? .integers(integers.randomElement(using: &generator)!)
        : .word(words.randomElement(using: &generator)!)
    case .flag: .flag(Bool.random(using: &generator))
    case .word(let words): .word(words.randomElement(using: &generator)!)
    }
  }

  /// The error's text begins with the name of what is wrong, and says what was expected and what was found.
  static func expectReason(_ error: any Error, names: [String], _ what: String) {
    let text = "\(error)"
    #expect(error is InvalidConstants, "\(what): \(text)")
    #expect(names.contains { text.hasPrefix("\($0): expected ") }, "\(what): \(text)")
    #expect(text.contains(", found "), "\(what): \(text)")
    #expect(!text.contains("\n"), "\(what): \(text)")
  }

  @Test("Linear maps", arguments: LinearMapRegistry.all.indices)
  func linearMaps(index: Int) {
    let type = LinearMapRegistry.all[index]
    let names = type.schema.names + ["input", "weight"]
    var generator = SeededGenerator(seed: UInt64(index))
    let weights: [[Int]?] = [
      nil, [4], [4, 6], [2, 2, 3], [2, 2, 3, 3], [4, 5, 2, 2, 2], [], [0], [0, 4], [2, 0, 3], [1, 1, 1],
    ]
    for _ in 0..<2000 {
      let shape = Self.shapes.randomElement(using: &generator)!
      let attributes = Self.attributes(of: type.schema, using: &generator)
      let weight = weights.randomElement(using: &generator)!.map { Tensor<Double>(zeros: $0) }
      do {
        let map = try type.init(
          inputShape: shape, parameter: type.hasParameter ? weight : nil, attributes)
        #expect(map.outputShape.allSatisfy { $0 > 0 } && map.outputSize <= TensorSize.maximum)
        guard map.inputSize + map.outputSize < 2000 else { continue }
        // What is made also works.
        var y = Matrix<Double>(rows: 1, columns: map.outputSize)
        map.add(of: Matrix(rows: 1, columns: map.inputSize, repeating: 1), to: &y)
        var e = Matrix<Double>(rows: 1, columns: map.inputSize)
        map.addTransposed(of: y, to: &e)
        map.forEachEntry(inRow: map.outputSize - 1) { column, _ in #expect(column < map.inputSize) }
      } catch {
        Self.expectReason(error, names: names, "\(type.typeName)\(attributes) of \(shape)")
      }
    }
  }

  @Test("Nonlinearities", arguments: NonlinearityRegistry.all.indices)
  func nonlinearities(index: Int) {
    let type = NonlinearityRegistry.all[index]
    let names = type.schema.names
    var generator = SeededGenerator(seed: UInt64(index))
    for _ in 0..<1000 {
      let attributes = Self.attributes(of: type.schema, using: &generator)
      do {
        let function = try type.init(attributes)
        let shape = Self.shapes.filter { $0.allSatisfy { (1...100).contains($0) } }
          .randomElement(using: &generator)!
        for count in 0...4 {
          let shapes = [[Int]](repeating: shape, count: count)
          guard let output = function.outputShape(portShapes: shapes) else { continue }
          let size = shape.reduce(1, *)
          let ports = shapes.map { _ in Matrix<Double>(rows: 2, columns: size, repeating: 0.5) }
          let z = function.value(at: ports, shapes: shapes)
          #expect(z.columns == output.reduce(1, *))
          #expect(
            function.vjp(z, at: ports, shapes: shapes).map(\.columns) == ports.map(\.columns),
            "\(function.description)")
        }
      } catch {
        Self.expectReason(error, names: names, "\(type.typeName)\(attributes)")
      }
    }
  }

  @Test("Sizes that are only claimed are refused before anything is made of them")
  func claimedSizes() {
    func reason(_ make: () throws(InvalidConstants) -> any LinearMap<Double>) -> String {
      do throws(InvalidConstants) {
        _ = try make()
        return ""
      } catch { return error.description }
    }
    let tooLarge = "expected positive extents of at most \(TensorSize.maximum) numbers, found "
    #expect(
      reason { () throws(InvalidConstants) in try Expand(inputShape: [1], shape: [1 << 40, 1 << 40]) }
        == "shape: \(tooLarge)[1099511627776, 1099511627776]")
    #expect(
      reason { () throws(InvalidConstants) in try Place(inputShape: [2], dim: 0, start: 0, total: 1 << 40) }
        == "total: \(tooLarge)[1099511627776]")
    #expect(
      reason { () throws(InvalidConstants) in try Pad(inputShape: [2], padding: [1 << 40, 0]) }
        == "padding: expected up to \(TensorSize.maximum) zeros, found [1099511627776, 0]")
    #expect(
      reason { () throws(InvalidConstants) in try Upsample(inputShape: [1, 1024, 1024], scaleFactor: 1024) }
        == "scale_factor: \(tooLarge)[1, 1048576, 1024]")
    #expect(
      reason { () throws(InvalidConstants) in try Reshape(inputShape: [4], shape: [1 << 32, 1 << 32]) }
        == "shape: \(tooLarge)[4294967296, 4294967296]")
    #expect(
      reason { () throws(InvalidConstants) in try Flatten(inputShape: [1 << 40]) }
        == "input: \(tooLarge)[1099511627776]")
    #expect(
      reason { () throws(InvalidConstants) in
        try AveragePooling(
          inputShape: [1, 1 << 20, 1], kernelSize: [1 << 20, 1], stride: 1, padding: [(1 << 20) - 1, 0])
      } == "")
  }

  @Test("A convolution of few numbers and many windows is unfolded in tiles")
  func tiles() throws {
    // Unfolded at once this would be 9·2²⁰ numbers; with a tile of 2²² there are three of them.
    let weight = Tensor<Double>(shape: [1, 1, 3, 3], elements: (0..<9).map { Double($0) - 4 })
    let map = try Convolution<Double>(inputShape: [1, 1024, 1024], weight: weight, padding: .same)
    var x = Matrix<Double>(rows: 1, columns: map.inputSize)
    for index in x.elements.indices { x.elements[index] = Double(index % 17) }
    var y = Matrix<Double>(rows: 1, columns: map.outputSize)
    map.add(of: x, to: &y)
    for row in stride(from: 0, to: map.outputSize, by: 9973) {
      var sum = 0.0
      map.forEachEntry(inRow: row) { column, value in sum += value * x[0, column] }
      #expect(y[0, row] == sum)
    }
    var e = Matrix<Double>(rows: 1, columns: map.inputSize)
    map.addTransposed(of: y, to: &e)
    let square = y.elements.reduce(0) { $0 + $1 * $1 }
    #expect(zip(e.elements, x.elements).reduce(0) { $0 + $1.0 * $1.1 } == square)
    let gradient = try #require(map.parameterGradient(cotangent: y, input: x))
    #expect(zip(gradient.elements, weight.elements).reduce(0) { $0 + $1.0 * $1.1 } == square)
  }
}
