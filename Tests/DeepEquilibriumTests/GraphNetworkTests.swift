import DeepEquilibrium
import Foundation
import Testing

/// A network that is no chain and not dense: convolutions, batch normalisation, a skip connection, concatenation,
/// pooling, attention, a gate. Expected values from PyTorch (`Tests/Oracles/residual_network.py`).
@Suite("Networks of any operators")
struct GraphNetworkTests {
  struct Numbers: Decodable {
    let shape: [Int]
    let data: [Double]
    var tensor: Tensor<Double> { Tensor(shape: shape, elements: data) }
    var batch: Matrix<Double> { Matrix(rows: shape[0], columns: data.count / shape[0], elements: data) }
  }

  struct Oracle: Decodable {
    let mean, variance, input, cotangent, output: Numbers
    let parameters, gradients: [String: Numbers]
  }

  let oracle: Oracle

  init() throws {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Oracles/residual_network.json")
    oracle = try JSONDecoder().decode(Oracle.self, from: Data(contentsOf: url))
  }

  /// Builds the network, layer by layer.
  private struct Builder {
    let oracle: Oracle
    private(set) var blocks: [Block<Double>] = []
    private var positions: [String: Int] = ["input": -1]

    init(_ oracle: Oracle) {
      self.oracle = oracle
    }

    func shape(_ name: String) -> [Int] {
      name == "input" ? [2, 6, 6] : blocks[positions[name]!].shape
    }

    func term(
      _ type: any LinearMap<Double>.Type, _ source: String, port: Int = 0,
      _ attributes: [String: Constant] = [:],
      parameter: String? = nil
    ) throws -> Term<Double> {
      let map = try type.init(
        inputShape: shape(source), parameter: parameter.map { oracle.parameters[$0]!.tensor },
        attributes)
      let index = positions[source]!
      return Term(port: port, source: index < 0 ? .input : .node(index), map: map, parameter: parameter)
    }

    mutating func add(
      _ name: String, _ nonlinearity: any Nonlinearity, _ terms: [Term<Double>],
      _ offsets: [Offset<Double>] = []
    ) {
      let ports = Set(terms.map(\.port)).union(offsets.map(\.port)).sorted()
      let shapes = ports.map { port in
        terms.first { $0.port == port }?.map.outputShape
          ?? offsets.first { $0.port == port }!.map!.outputShape
      }
      positions[name] = blocks.count
      blocks.append(
        Block(
          name: name, shape: nonlinearity.outputShape(portShapes: shapes)!, nonlinearity: nonlinearity,
          portShapes: shapes, terms: terms, offsets: offsets))
    }

    /// A vector parameter times `factors`, the same along all axes but one.
    func spread(
      _ name: String, over shape: [Int], axis: Int, port: Int = 0, factors: [Double] = []
    ) throws -> Offset<Double> {
      let tensor = oracle.parameters[name]!.tensor
      let map = try Expand<Double>(inputShape: tensor.shape, shape: shape, dim: [axis], factors: factors)
      return Offset(port: port, tensor: tensor, map: map, parameter: name)
    }
  }

  private func network() throws -> Network<Double> {
    var build = Builder(oracle)
    let factors = oracle.variance.data.map { 1 / ($0 + 1e-5).squareRoot() }
    let shifts = zip(oracle.mean.data, factors).map { -$0 * $1 }
    let same: [String: Constant] = ["padding": .integers([1])]
    let grouped: [String: Constant] = ["padding": .integers([1]), "groups": .integers([2])]

    build.add(
      "conv1", Identity(),
      [try build.term(Convolution<Double>.self, "input", same, parameter: "conv1.weight")],
      [try build.spread("conv1.bias", over: [4, 6, 6], axis: 0)])
    // weight ⊙ (x − mean) / σ + bias: the weight is a parameter of two entries.
    let shifted = try build.spread("bn.weight", over: [4, 6, 6], axis: 0, factors: shifts)
    build.add(
      "bn", ReLU(),
      [
        try build.term(
          Scale<Double>.self, "conv1", ["dim": .integers([0]), "factors": .numbers(factors)],
          parameter: "bn.weight")
      ], [shifted, try build.spread("bn.bias", over: [4, 6, 6], axis: 0)])
    build.add(
      "residual", ReLU(),
      [
        try build.term(Convolution<Double>.self, "bn", grouped, parameter: "conv2.weight"),
        try build.term(IdentityMap<Double>.self, "bn"),
      ])
    let place = { (start: Int) -> [String: Constant] in
      ["dim": .integers([0]), "start": .integers([start]), "total": .integers([6])]
    }
    build.add(
      "pool",
      try MaxPooling(kernelSize: 2),
      [
        try build.term(Place<Double>.self, "residual", place(0)),
        try build.term(Place<Double>.self, "input", place(4)),
      ])
    build.add(
      "average", Identity(),
      [
        try build.term(AveragePooling<Double>.self, "pool", ["kernel_size": .integers([3])])
      ])
    build.add("features", Identity(), [try build.term(Flatten<Double>.self, "average")])
    build.add(
      "flat", Identity(), [try build.term(Reshape<Double>.self, "pool", ["shape": .integers([6, 9])])])
    build.add(
      "tokens", Identity(), [try build.term(Permute<Double>.self, "flat", ["dims": .integers([1, 0])])])
    build.add(
      "scores", BatchedProduct(),
      [
        try build.term(IdentityMap<Double>.self, "tokens"),
        try build.term(Multiply<Double>.self, "flat", port: 1, ["factor": .number(1 / 6.0.squareRoot())]),
      ])
    build.add(
      "weights", Softmax(),
      [try build.term(IdentityMap<Double>.self, "scores")])
    build.add(
      "attention", BatchedProduct(),
      [
        try build.term(IdentityMap<Double>.self, "weights"),
        try build.term(IdentityMap<Double>.self, "tokens", port: 1),
      ])
    build.add(
      "norm", try LayerNormalization(normalizedShape: 6),
      [try build.term(IdentityMap<Double>.self, "attention")],
      [
        try build.spread("norm.weight", over: [9, 6], axis: 1, port: 1),
        try build.spread("norm.bias", over: [9, 6], axis: 1, port: 2),
      ])
    build.add(
      "mean", Identity(),
      [try build.term(Mean<Double>.self, "norm", ["dim": .integers([0])])])
    build.add(
      "gate", Product(),
      [
        try build.term(IdentityMap<Double>.self, "features"),
        try build.term(IdentityMap<Double>.self, "mean", port: 1),
      ])
    build.add(
      "fc", Identity(), [try build.term(DenseMap<Double>.self, "gate", parameter: "fc.weight")],
      [Offset(vector: oracle.parameters["fc.bias"]!.data, parameter: "fc.bias")])
    return try Network(
      inputShape: [2, 6, 6], layers: build.blocks.map { .explicit($0) }, output: build.blocks.count - 1)
  }

  private func expectEqual(_ found: Gradients<Double>, _ what: String) throws {
    for (name, expected) in oracle.gradients {
      let elements = name == "input" ? found.input.elements : try #require(found.parameters[name]).elements
      let scale = expected.data.map { abs($0) }.max()!
      let worst = zip(elements, expected.data).map { abs($0 - $1) }.max()!
      #expect(
        elements.count == expected.data.count && worst <= 1e-12 * scale, "\(what): \(name): \(worst / scale)")
    }
  }

  @Test("Forward and backpropagation equal PyTorch's")
  func network_equalsPyTorch() throws {
    let network = try network()
    let method = SolutionMethod.structured(Newton())
    let pass = network.forward(oracle.input.batch, solvingBy: method)
    for (found, expected) in zip(pass.output.elements, oracle.output.data) {
      #expect(abs(found - expected) < 1e-12)
    }
    try expectEqual(
      network.backpropagate(oracle.cotangent.batch, through: pass, solvingBy: method).gradients, "network")
  }

  @Test("Picard iteration reaches the outputs and gradients of the longest path, and no further")
  func model_equalsPyTorch() throws {
    let model = EquilibriumModel(converting: try network())
    let solution = try model.equilibrium(oracle.input.batch, by: .whole(Picard()))
    #expect(solution.records[0].iterations == model.nilpotencyIndex)
    #expect(model.nilpotencyIndex == 13)
    for (found, expected) in zip(solution.output.elements, oracle.output.data) {
      #expect(abs(found - expected) < 1e-12)
    }
    let point = model.linearization(at: solution.state, input: solution.input)
    let adjoint = model.adjoint(at: point, cotangent: oracle.cotangent.batch, by: .whole(Picard()))
    try expectEqual(model.gradients(at: point, adjoint: adjoint), "equilibrium model")
  }

  @Test("The conversion is proved; a weight changed in its last place, or another activation, is not")
  func proof() throws {
    let network = try network()
    let model = EquilibriumModel(converting: network)
    let report = EquivalenceChecker().check(network, against: model)
    #expect(report.verdict == .proved)
    #expect(report.measurement.discrepancies.allSatisfy { $0.isRounding })

    var blocks = model.blocks
    var weight = blocks[0].terms[0].map.parameter!
    weight.elements[17] = weight.elements[17].nextUp
    blocks[0].terms[0].map = try Convolution<Double>(
      inputShape: [2, 6, 6], weight: weight, padding: 1)
    #expect(try verdict(network, blocks) == .agrees)

    blocks = model.blocks
    blocks[2].nonlinearity = LeakyReLU(negativeSlope: 0.01)
    #expect(try verdict(network, blocks) == .refuted)
  }

  private func verdict(_ network: Network<Double>, _ blocks: [Block<Double>]) throws -> Verdict {
    let model = try EquilibriumModel(inputShape: [2, 6, 6], blocks: blocks, output: blocks.count - 1)
    return EquivalenceChecker().check(network, against: model).verdict
  }

  @Test("A convolution written out as a matrix is proved equal to the operator")
  func operatorAndMatrix() throws {
    let network = try network()
    var blocks = EquilibriumModel(converting: network).blocks
    for index in blocks.indices {
      for term in blocks[index].terms.indices where blocks[index].terms[term].map is Convolution<Double> {
        blocks[index].terms[term].map = DenseMap(blocks[index].terms[term].map.matrix)
        blocks[index].terms[term].parameter = nil
      }
    }
    let model = try EquilibriumModel(inputShape: [2, 6, 6], blocks: blocks, output: blocks.count - 1)
    let report = EquivalenceChecker().check(network, against: model)
    #expect(report.proof.function.isProved)
  }
}
