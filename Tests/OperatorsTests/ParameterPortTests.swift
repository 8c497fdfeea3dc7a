import LinearAlgebra
import Operators
import Testing

/// What a file's parameters are to the ports that they fill.
@Suite("Ports that parameters fill")
struct ParameterPortTests {
  @Test("A nonlinearity takes its inputs alone, or with its parameters expanded to the first port's shape")
  func layouts() throws {
    let cases: [(any Nonlinearity, [[ParameterPort.Layout]])] = [
      (
        try LayerNormalization(normalizedShape: [3, 2]),
        [[.init(shape: [3, 2], dims: [1, 2])], [.init(shape: [3, 2], dims: [1, 2])]]
      ),
      (try RootMeanSquareNormalization(normalizedShape: [3, 2]), [[.init(shape: [3, 2], dims: [1, 2])]]),
      (try GroupNormalization(groups: 2), [[.init(shape: [4], dims: [0])], [.init(shape: [4], dims: [0])]]),
      (try InstanceNormalization(), [[.init(shape: [4], dims: [0])], [.init(shape: [4], dims: [0])]]),
      (PReLU(), [[.init(shape: [1], dims: [0]), .init(shape: [4], dims: [0])]]),
    ]
    for (function, expected) in cases {
      let name = type(of: function).typeName
      let ports = type(of: function).parameterPorts
      #expect(
        ports.map { $0.layouts(portShape: [4, 3, 2], attributes: function.attributes) } == expected, "\(name)"
      )
      #expect(ports.map(\.name) == Array(["weight", "bias"].prefix(ports.count)), "\(name)")
      for count in 0...3 {
        let given = count - type(of: function).inputCount
        let isTaken = function.outputShape(portShapes: [[Int]](repeating: [4, 3, 2], count: count)) != nil
        let required = ports.prefix { $0.isRequired }.count
        #expect(isTaken == (required...ports.count).contains(given), "\(name) of \(count) ports")
      }
      for layout in expected.joined() {
        let expand = try Expand<Double>(
          inputShape: layout.shape, shape: [4, 3, 2], dim: IntegerList(layout.dims))
        #expect(expand.outputShape == [4, 3, 2])
      }
    }
  }

  @Test("All other nonlinearities take as many ports as they have inputs, and no parameters")
  func inputs() throws {
    let pairs = [
      "product", "quotient", "maximum", "minimum", "power", "matmul", "greater", "greater_equal", "equal",
    ]
    for type in NonlinearityRegistry.all where type.parameterPorts.isEmpty {
      #expect(
        type.inputCount
          == (pairs.contains(type.typeName) ? 2 : type.typeName == "where" ? 3 : 1))
      let function = try type.init(type.schema.required(number: 2, integer: 1))
      for count in 0...3 {
        let shape = function.outputShape(portShapes: [[Int]](repeating: [4, 4], count: count))
        #expect((shape != nil) == (count == type.inputCount), "\(type.typeName) of \(count) ports")
      }
    }
  }

  @Test("Only functions that stay finite everywhere are activations, which generators draw from")
  func activations() throws {
    for type in NonlinearityRegistry.activations {
      let function = try type.init(type.schema.required(number: 0.5, integer: 0))
      let p = Matrix<Double>([[-1e6, -2, -1, -0.5, -0.0, 0, 0.5, 1, 2, 1e6]])
      #expect(function.value(at: [p], shapes: [[10]]).isFinite, "\(type.typeName)")
      let ones = Matrix<Double>(rows: 1, columns: 10, repeating: 1)
      #expect(function.vjp(ones, at: [p], shapes: [[10]])[0].isFinite, "\(type.typeName)")
    }
    #expect(NonlinearityRegistry.activations.count == 22)
    #expect(NonlinearityRegistry.elementwise.count == 45)
  }
}

extension OperatorSchema {
  /// Values for the attributes that have no default.
  fileprivate func required(number: Double, integer: Int) -> [String: Constant] {
    let required = attributes.filter { $0.defaultValue == nil }
    return Dictionary(
      uniqueKeysWithValues: required.map {
        ($0.name, $0.kind == .number ? .number(number) : .integers([integer]))
      })
  }
}
