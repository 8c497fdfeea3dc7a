import DeepEquilibrium

@testable import Equivalence

/// A system of equations as it grows, of operators whose names say nothing.
struct Draft {
  private let inputShape: [Int]
  private var blocks: [Block<Double>] = []

  init(_ inputShape: [Int]) {
    self.inputShape = inputShape
  }

  /// The shape of what a source holds.
  func shape(_ source: Source) -> [Int] {
    if case .node(let index) = source { blocks[index].shape } else { inputShape }
  }

  /// Adds a block whose ports are the identity of one source each.
  mutating func apply(_ nonlinearity: any Nonlinearity, _ sources: Source...) -> Source {
    let shapes = sources.map { shape($0) }
    return add(
      nonlinearity, ports: shapes,
      terms: sources.enumerated().map { Term(port: $0, source: $1, map: IdentityMap(shape($1))) })
  }

  /// Adds a block of a linear map.
  mutating func map(_ map: any LinearMap<Double>, _ source: Source, offset: [Double]? = nil) -> Source {
    add(
      Identity(), ports: [map.outputShape], terms: [Term(source: source, map: map)],
      offsets: offset.map { [Offset(vector: $0)] } ?? [])
  }

  /// Adds a block that is a constant.
  mutating func constant(_ numbers: [Double], shape: [Int]) -> Source {
    add(Identity(), ports: [shape], terms: [], offsets: [Offset(vector: numbers)])
  }

  /// Adds a block with the sum of factors times sources and a constant.
  mutating func sum(_ parts: [(factor: Double, source: Source)], plus constant: Double = 0) -> Source {
    let shape = shape(parts[0].source)
    return add(
      Identity(), ports: [shape],
      terms: parts.map { Term(source: $0.source, map: Multiply(shape, factor: $0.factor)) },
      offsets: [Offset(vector: [Double](repeating: constant, count: shape.reduce(1, *)))])
  }

  /// Adds a block.
  mutating func add(
    _ nonlinearity: any Nonlinearity, ports: [[Int]], terms: [Term<Double>], offsets: [Offset<Double>] = []
  ) -> Source {
    blocks.append(
      Block(
        name: "\(blocks.count)", shape: nonlinearity.outputShape(portShapes: ports)!,
        nonlinearity: nonlinearity, portShapes: ports, terms: terms, offsets: offsets))
    return .node(blocks.count - 1)
  }

  /// The network whose output is a source.
  func network(_ output: Source) throws -> Network<Double> {
    guard case .node(let index) = output else { preconditionFailure("the input is no layer") }
    return try Network(inputShape: inputShape, layers: blocks.map(Layer.explicit), output: index)
  }
}

/// The network that a function makes of its input.
func network(_ shape: [Int], _ make: (inout Draft, Source) throws -> Source) throws -> Network<Double> {
  var draft = Draft(shape)
  let output = try make(&draft, .input)
  return try draft.network(output)
}

/// What is proved of two networks.
func proof(_ first: Network<Double>, _ second: Network<Double>, seed: UInt64 = 0) -> ProofReport {
  proof(of: EquationSystem(first), and: EquationSystem(second), seed: seed)
}

/// What is proved of two equilibrium models.
func proof(_ first: EquilibriumModel<Double>, _ second: EquilibriumModel<Double>) -> ProofReport {
  proof(of: EquationSystem(first), and: EquationSystem(second))
}

/// A nonlinearity of this name with attributes in place of their defaults.
func nonlinearity(_ name: String, _ given: [String: Constant] = [:]) throws -> any Nonlinearity {
  try NonlinearityRegistry.type(named: name)!.init(given)
}

/// A linear map of this name with attributes in place of their defaults.
func linearMap(
  _ name: String, _ shape: [Int], _ parameter: Tensor<Double>? = nil, _ given: [String: Constant] = [:]
) throws -> any LinearMap<Double> {
  try LinearMapRegistry.type(named: name)!.init(inputShape: shape, parameter: parameter, given)
}
