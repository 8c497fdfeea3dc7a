import Blocks
import Conversion
import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import Operators
import RandomNetworks
import TestSupport
import Testing

/// Theory, "The theorem": a converted network comes to rest, exactly, after as many steps as it has layers.
@Suite("Finite termination")
struct FiniteTerminationTests {
  private static func network(_ seed: UInt64) -> Network<Double> {
    var generator = SeededGenerator(seed: seed)
    let widths = (0...Int.random(in: 1...7, using: &generator)).map { _ in
      Int.random(in: 1...9, using: &generator)
    }
    let activations: [any Nonlinearity] = [
      Tanh(), ReLU(), Sigmoid(), Identity(), ELU(), GELU(), LeakyReLU(), Softsign(),
    ]
    let offset = Int(seed)
    return Make.chain(
      widths: widths, activation: { activations[($0 + offset) % activations.count] }, &generator)
  }

  @Test(
    "From any start, after i iterations the first i blocks are z^[1] … z^[i], bit for bit",
    arguments: 0..<24 as Range<UInt64>)
  func prefixes(seed: UInt64) {
    var generator = SeededGenerator(seed: seed + 1_000)
    let network = Self.network(seed)
    let model = EquilibriumModel(converting: network)
    let x = Make.normal(3, network.inputSize, &generator)
    let layers = network.forward(x, solvingBy: .structured(Picard())).values
    for scale in [0, 1, 1e6, 1e200] {
      var state = Make.state(of: model, batch: 3, scale: scale, &generator)
      for step in 1...network.layers.count {
        state = model.transition(state, input: x)
        for block in 0..<step {
          #expect(haveSameBits(state[block].elements, layers[block].elements), "block \(block) after \(step)")
        }
      }
      // After L steps the residual is exactly 0: the next step changes no bit.
      let next = model.transition(state, input: x)
      #expect(zip(next, state).allSatisfy { haveSameBits($0.elements, $1.elements) })
    }
    let plain = PlainNetwork(network)
    for sample in 0..<3 {
      let values = plain.values(at: Array(x.row(sample)))!
      for (value, layer) in zip(values, layers) {
        #expect(distance(value, layer.row(sample)) <= 1e-13 * max(1, magnitude(value)))
      }
    }
  }

  @Test("Picard reaches the equilibrium of an L-layer network in exactly L iterations", arguments: 1...12)
  func exactlyL(depth: Int) throws {
    var generator = SeededGenerator(seed: UInt64(depth))
    let network = Make.chain(widths: [Int](repeating: 4, count: depth + 1), &generator)
    let model = EquilibriumModel(converting: network)
    #expect(model.nilpotencyIndex == depth)
    let x = Make.normal(2, 4, &generator)
    for start in [nil, Make.state(of: model, batch: 2, scale: 1, &generator)] {
      let solution = model.solve(x, by: .whole(Picard()), from: start)
      #expect(solution.converged == [true, true])
      #expect(solution.records.count == 1)
      #expect(solution.records[0].iterations == depth)
      #expect(solution.records[0].samples.allSatisfy { $0.iterations == depth && $0.residual == 0 })
    }
    // One iteration fewer is not enough, and the solver says so.
    let short = model.solve(x, by: .whole(Picard()), until: .exact(maximumIterations: depth - 1))
    #expect(short.converged == [false, false])
    #expect(short.failure != nil)
  }

  @Test("The number of iterations is the longest path, not the number of nodes")
  func longestPath() throws {
    // Two branches from the input, of 1 and 3 layers, that meet in a fourth; and five layers that nothing reads.
    var generator = SeededGenerator(seed: 5)
    var layers = [
      Make.dense("short", 3, 2, &generator), Make.dense("a", 3, 2, &generator),
      Make.dense("b", 3, 3, reading: .node(1), &generator),
      Make.dense("c", 3, 3, reading: .node(2), &generator),
    ]
    guard case .explicit(var join) = Make.dense("join", 2, 3, reading: .node(0), &generator) else { return }
    join.terms.append(
      Term(source: .node(3), map: DenseMap(Make.normal(2, 3, &generator)), parameter: "join.weight2"))
    layers.append(.explicit(join))
    layers += (0..<5).map { Make.dense("unread\($0)", 2, 2, &generator) }
    let network = try Network(inputShape: [2], layers: layers, output: 4)
    let model = EquilibriumModel(converting: network)
    #expect(model.blocks.count == 10)
    #expect(model.nilpotencyIndex == 4)
    let x = Make.normal(3, 2, &generator)
    let solution = model.solve(
      x, by: .whole(Picard()), from: Make.state(of: model, batch: 3, scale: 1, &generator))
    #expect(solution.records[0].iterations == 4)
    #expect(solution.records[0].samples.allSatisfy { $0.residual == 0 })
  }

  @Test("W_z^L = 0, and no smaller power is", arguments: 0..<8 as Range<UInt64>)
  func nilpotent(seed: UInt64) {
    let network = Self.network(seed)
    let depth = network.layers.count
    let Wz = EquilibriumModel(converting: network).matrices.Wz.rowArrays
    var power = Wz
    for _ in 1..<max(1, depth) - (depth > 1 ? 1 : 0) { power = product(power, Wz) }
    // `power` is W_z^(L−1), or W_z itself for one layer.
    if depth > 1 {
      #expect(power.contains { $0.contains { $0 != 0 } })
      power = product(power, Wz)
    }
    #expect(power.allSatisfy { $0.allSatisfy { $0 == 0 } })
  }

  @Test("In topological order W_z is strictly block lower triangular")
  func strictlyLowerTriangular() {
    var settings = NetworkGenerator()
    settings.graphShare = 0
    settings.implicitShare = 0
    for seed in 0..<40 as Range<UInt64> {
      let model = EquilibriumModel(converting: settings.network(seed: seed))
      let starts = model.blockStarts
      let Wz = model.matrices.Wz
      let order = model.groups.flatMap(\.members)
      for (position, to) in order.enumerated() {
        for from in order[position...] {
          for row in 0..<model.blocks[to].size {
            for column in 0..<model.blocks[from].size {
              #expect(Wz[starts[to] + row, starts[from] + column] == 0)
            }
          }
        }
      }
    }
  }

  @Test("The structured solve is the layer-by-layer pass, bit for bit", arguments: 0..<60 as Range<UInt64>)
  func structured(seed: UInt64) throws {
    var settings = NetworkGenerator()
    settings.graphShare = 0
    settings.implicitShare = 0
    let network = settings.network(seed: seed)
    var generator = SeededGenerator(seed: seed)
    let model = EquilibriumModel(converting: network)
    let x = Make.normal(4, network.inputSize, &generator)
    let pass = network.forward(x, solvingBy: .structured(Picard()))
    let solution = model.solve(x, by: .structured(Picard()))
    #expect(solution.records.isEmpty)
    #expect(zip(solution.state, pass.values).allSatisfy { haveSameBits($0.elements, $1.elements) })
    #expect(haveSameBits(solution.output.elements, pass.output.elements))
    // In single precision too.
    let single = network.cast(to: Float.self).forward(
      x.cast(to: Float.self), solvingBy: .structured(Picard()))
    let state = model.cast(to: Float.self).solve(x.cast(to: Float.self), by: .structured(Picard())).state
    #expect(zip(state, single.values).allSatisfy { haveSameBits($0.elements, $1.elements) })
    // Independent loops find the same numbers.
    let values = PlainNetwork(network).values(at: Array(x.row(0)))!
    for (value, block) in zip(values, solution.state) where magnitude(value).isFinite {
      #expect(distance(value, block.row(0)) <= 1e-9 * max(1e-6, magnitude(value)), "seed \(seed)")
    }
  }
}
