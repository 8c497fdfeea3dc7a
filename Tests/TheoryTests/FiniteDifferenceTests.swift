import Blocks
import Conversion
import Equilibria
import Equivalence
import FileAccess
import FixedPoints
import LinearAlgebra
import ModelFiles
import Networks
import Operators
import RandomNetworks
import TestSupport
import Testing

/// Every gradient against central differences of independent loops.
@Suite("Finite differences")
struct FiniteDifferenceTests {
  private static let smooth: [any Nonlinearity] = [
    Tanh(), Sigmoid(), Softsign(), LogSigmoid(), CELUOfOne.activation, Identity(), SoftplusOfTwo.activation,
  ]
  private enum CELUOfOne { static let activation = try! CELU(alpha: 1) }
  private enum SoftplusOfTwo { static let activation = try! Softplus(beta: 2, threshold: 1e6) }

  /// The blocks with an activation whose derivative has no jump, none steeper than 1, and tame weights: what
  /// differences can measure.
  private static func smoothed(_ blocks: [Block<Double>], _ generator: inout SeededGenerator) -> [Block<
    Double
  >] {
    blocks.map { block in
      var block = block
      block.nonlinearity = smooth[Int.random(in: 0..<smooth.count, using: &generator)]
      for term in block.terms.indices {
        var weight = (block.terms[term].map as! DenseMap<Double>).weight
        let largest = magnitude(weight.elements)
        if block.terms[term].source == .input || largest > 2 || largest < 0.01 {
          for index in weight.elements.indices { weight.elements[index] = generator.normal() / 2 }
        }
        block.terms[term].map = DenseMap(weight)
      }
      for offset in block.offsets.indices {
        block.offsets[offset] = Offset(
          vector: block.offsets[offset].vector.map { _ in generator.normal() },
          parameter: block.offsets[offset].parameter)
      }
      return block
    }
  }

  private static func network(seed: UInt64, implicitShare: Double) throws -> Network<Double> {
    var settings = NetworkGenerator()
    settings.graphShare = 0
    settings.maximumDepth = 4
    settings.maximumWidth = 4
    settings.implicitShare = implicitShare
    let network = settings.network(seed: seed)
    var generator = SeededGenerator(seed: seed)
    let layers = try network.layers.map { layer -> Layer<Double> in
      switch layer {
      case .explicit(let block): return .explicit(smoothed([block], &generator)[0])
      case .implicit(let layer):
        var blocks = smoothed(layer.model.blocks, &generator)
        for index in blocks.indices { contract(&blocks[index]) }
        let model = try EquilibriumModel(
          inputShape: layer.model.inputShape, blocks: blocks, output: layer.model.output)
        return .implicit(try ImplicitLayer(name: layer.name, source: layer.source, model: model))
      }
    }
    return try Network(inputShape: network.inputShape, layers: layers, output: network.output)
  }

  /// Scales what a block reads of the state until no row adds up to more than 0.8.
  private static func contract(_ block: inout Block<Double>) {
    let state = block.terms.indices.filter { block.terms[$0].source != .input }
    let largest =
      (0..<block.size).map { row in
        state.reduce(0) { sum, term in
          sum + (block.terms[term].map as! DenseMap<Double>).weight.row(row).reduce(0) { $0 + abs($1) }
        }
      }.max() ?? 0
    guard largest > 0.8 else { return }
    for term in state {
      var weight = (block.terms[term].map as! DenseMap<Double>).weight
      for index in weight.elements.indices { weight.elements[index] *= 0.8 / largest }
      block.terms[term].map = DenseMap(weight)
    }
  }

  /// ⟨cotangent, output⟩ by loops.
  private static func loss(_ model: EquilibriumModel<Double>, _ x: [Double], _ cotangent: [Double]) -> Double
  {
    zip(PlainModel(model).output(at: x)!, cotangent).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private static func loss(_ network: Network<Double>, _ x: [Double], _ cotangent: [Double]) -> Double {
    zip(PlainNetwork(network).output(at: x)!, cotangent).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// Richardson's extrapolation of two central differences: the error is O(h⁴).
  private static func derivative(_ loss: (Double) -> Double) -> Double {
    func central(_ h: Double) -> Double { (loss(h) - loss(-h)) / (2 * h) }
    return (4 * central(5e-4) - central(1e-3)) / 3
  }

  private static let tolerance = 2e-9

  /// The gradients of a model, every one of its numbers by differences.
  private func compare(
    _ model: EquilibriumModel<Double>, _ found: Gradients<Double>, _ x: [Double], _ cotangent: [Double],
    _ label: String
  ) throws {
    for index in x.indices {
      let expected = Self.derivative { h in
        var x = x
        x[index] += h
        return Self.loss(model, x, cotangent)
      }
      #expect(
        abs(found.input.elements[index] - expected) <= Self.tolerance * max(1, abs(expected)),
        "\(label): x[\(index)]")
    }
    for (position, block) in model.blocks.enumerated() {
      for (index, term) in block.terms.enumerated() {
        let gradient = found.parameters[term.parameter ?? model.place(of: term, in: block)]!
        let weight = (term.map as! DenseMap<Double>).weight
        for element in weight.elements.indices {
          let expected = try derivative(of: model, x, cotangent) { blocks, h in
            var weight = weight
            weight.elements[element] += h
            blocks[position].terms[index].map = DenseMap(weight)
          }
          #expect(
            abs(gradient.elements[element] - expected) <= Self.tolerance * max(1, abs(expected)),
            "\(label): \(model.place(of: term, in: block))[\(element)]")
        }
      }
      for (index, offset) in block.offsets.enumerated() {
        let gradient = found.parameters[offset.parameter ?? model.place(of: offset, in: block)]!
        for element in offset.vector.indices {
          let expected = try derivative(of: model, x, cotangent) { blocks, h in
            var vector = offset.vector
            vector[element] += h
            blocks[position].offsets[index] = Offset(vector: vector, parameter: offset.parameter)
          }
          #expect(
            abs(gradient.elements[element] - expected) <= Self.tolerance * max(1, abs(expected)),
            "\(label): \(model.place(of: offset, in: block))[\(element)]")
        }
      }
    }
  }

  private func derivative(
    of model: EquilibriumModel<Double>, _ x: [Double], _ cotangent: [Double],
    change: (inout [Block<Double>], Double) -> Void
  ) throws -> Double {
    func loss(_ h: Double) throws -> Double {
      var blocks = model.blocks
      change(&blocks, h)
      return Self.loss(
        try EquilibriumModel(inputShape: model.inputShape, blocks: blocks, output: model.output), x, cotangent
      )
    }
    let wide = (try loss(1e-3) - loss(-1e-3)) / 2e-3
    let narrow = (try loss(5e-4) - loss(-5e-4)) / 1e-3
    return (4 * narrow - wide) / 3
  }

  @Test(
    "Implicit differentiation of cyclic groups is the derivative of the equilibrium",
    arguments: campaign(0..<6 as Range<UInt64>, least: 3))
  func equilibriumModels(seed: UInt64) throws {
    let network = try Self.network(seed: 500 + seed, implicitShare: 0.7)
    let model = EquilibriumModel(converting: network)
    var generator = SeededGenerator(seed: seed)
    let x = normalVector(model.inputSize, using: &generator)
    let cotangent = normalVector(model.outputSize, using: &generator)
    for method in [SolutionMethod.structured(Refined(Anderson())), .whole(Refined(Newton()))] {
      let solution = model.solve(Matrix([x]), by: method)
      #expect(solution.converged == [true])
      let point = model.linearization(at: solution.state, input: solution.input)
      let adjoint = model.adjoint(at: point, cotangent: Matrix([cotangent]), by: method)
      let found = model.gradients(at: point, adjoint: adjoint)
      try compare(model, found, x, cotangent, "seed \(500 + seed), \(method.description)")
    }
  }

  @Test(
    "Backpropagation is the derivative of the network, through implicit layers too",
    arguments: campaign(0..<12 as Range<UInt64>, least: 4))
  func networks(seed: UInt64) throws {
    let network = try Self.network(seed: 600 + seed, implicitShare: 0.3)
    var generator = SeededGenerator(seed: seed)
    let x = normalVector(network.inputSize, using: &generator)
    let cotangent = normalVector(network.outputSize, using: &generator)
    let method = SolutionMethod.structured(Refined(Newton()))
    let pass = network.forward(Matrix([x]), solvingBy: method)
    let found = network.backpropagate(Matrix([cotangent]), through: pass, solvingBy: method).gradients
    for index in x.indices {
      let expected = Self.derivative { h in
        var x = x
        x[index] += h
        return Self.loss(network, x, cotangent)
      }
      #expect(abs(found.input.elements[index] - expected) <= Self.tolerance * max(1, abs(expected)))
    }
    // The parameters of a network are those of its equilibrium model, number for number.
    try compare(EquilibriumModel(converting: network), found, x, cotangent, "seed \(600 + seed)")
  }

  @Test("Gradients of a batch are the sums over its samples")
  func batches() throws {
    let network = try Self.network(seed: 601, implicitShare: 0.5)
    let model = EquilibriumModel(converting: network)
    var generator = SeededGenerator(seed: 1)
    let x = Make.normal(4, model.inputSize, &generator)
    let cotangent = Make.normal(4, model.outputSize, &generator)
    let method = SolutionMethod.structured(Refined(Anderson()))
    func gradients(_ rows: [Int]) -> Gradients<Double> {
      let solution = model.solve(x.selectingRows(rows), by: method)
      let point = model.linearization(at: solution.state, input: solution.input)
      return model.gradients(
        at: point, adjoint: model.adjoint(at: point, cotangent: cotangent.selectingRows(rows), by: method))
    }
    let whole = gradients([0, 1, 2, 3])
    let parts = (0..<4).map { gradients([$0]) }
    #expect(distance(whole.input.elements, parts.flatMap(\.input.elements)) <= 1e-13)
    for name in whole.parameters.names {
      let gradient = whole.parameters[name]!.elements
      for index in gradient.indices {
        let sum = parts.reduce(0) { $0 + $1.parameters[name]!.elements[index] }
        #expect(abs(gradient[index] - sum) <= 1e-12 * max(1, abs(sum)))
      }
    }
  }

  @Test("Summands at one place have one gradient, that of the place, in a model and in an implicit layer")
  func summands() throws {
    var generator = SeededGenerator(seed: 8)
    let whole = Make.cyclic(size: 3, inputs: 2, norm: 0.8, &generator)
    // 2/3 and 1/3 of each number: sums that no double holds, and no entry has a name.
    var block = whole.blocks[0]
    block.terms = whole.blocks[0].terms.flatMap { term in
      let weight = (term.map as! DenseMap<Double>).weight
      return [2.0 / 3, 1.0 / 3].map { share in
        let part = Matrix(
          rows: weight.rows, columns: weight.columns, elements: weight.elements.map { $0 * share })
        return Term(source: term.source, map: DenseMap(part))
      }
    }
    block.offsets = [2.0 / 3, 1.0 / 3].map { share in
      Offset(vector: whole.blocks[0].offsets[0].vector.map { $0 * share })
    }
    let split = try EquilibriumModel(inputShape: [2], blocks: [block], output: 0)
    let network = try Network(
      inputShape: [2], layers: [.implicit(try ImplicitLayer(name: "core", source: .input, model: split))],
      output: 0)
    let x = normalVector(2, using: &generator)
    let cotangent = normalVector(3, using: &generator)
    let method = SolutionMethod.structured(Refined(Newton()))

    let solution = split.solve(Matrix([x]), by: method)
    let point = split.linearization(at: solution.state, input: solution.input)
    let adjoint = split.adjoint(at: point, cotangent: Matrix([cotangent]), by: method)
    let ofModel = split.gradients(at: point, adjoint: adjoint)
    #expect(ofModel.parameters.names == ["Wx[z]", "Wz[z,z]", "b[z]"])
    try compare(split, ofModel, x, cotangent, "model")

    for network in [network, try rewritten(network)] {
      let pass = network.forward(Matrix([x]), solvingBy: method)
      let found = network.backpropagate(Matrix([cotangent]), through: pass, solvingBy: method).gradients
      #expect(found.parameters.names == ["core.Wx[z]", "core.Wz[z,z]", "core.b[z]"])
      for name in ofModel.parameters.names {
        let (ours, theirs) = (found.parameters["core.\(name)"]!, ofModel.parameters[name]!)
        #expect(
          distance(ours.elements, theirs.elements) <= 1e-13 * max(1, magnitude(theirs.elements)), "\(name)")
      }
      let converted = EquilibriumModel(converting: network)
      #expect(EquivalenceChecker().check(network, against: converted).verdict == .proved)
      let renamed = converted.renamed()
      #expect(EquivalenceChecker().check(network, against: renamed).verdict == .proved)
    }
  }

  private func rewritten(_ network: Network<Double>) throws -> Network<Double> {
    let sink = MemorySink()
    try ModelFile.network(network).write(to: sink)
    guard case .network(let network) = try ModelFile.read(FileContents(sink.bytes, named: "memory")) else {
      fatalError("another format than was written")
    }
    return network
  }
}
