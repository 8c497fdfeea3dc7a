import Blocks
import Conversion
import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import Operators
import TestSupport
import Testing

/// Theory, "Implicit differentiation": implicit differentiation of a converted network is backpropagation.
@Suite("Gradients of a converted network")
struct GradientTests {
  /// A network, its equilibrium model, one sample, and what independent loops say of it.
  private struct Scene {
    let network: Network<Double>
    let model: EquilibriumModel<Double>
    let x: Matrix<Double>
    let cotangent: Matrix<Double>
    let values: [[Double]]
    let backward: PlainNetwork.Backward
    let point: Linearization<Double>
    let adjoint: Adjoint<Double>

    init(seed: UInt64, method: SolutionMethod = .structured(Picard())) {
      var generator = SeededGenerator(seed: seed)
      let widths = (0...Int.random(in: 2...6, using: &generator)).map { _ in
        Int.random(in: 1...6, using: &generator)
      }
      let activations: [any Nonlinearity] = [Tanh(), Sigmoid(), GELU(), Softsign(), ELU(), SiLU()]
      network = Make.chain(widths: widths, activation: { activations[($0 + widths[0]) % 6] }, &generator)
      model = EquilibriumModel(converting: network)
      x = Make.normal(1, network.inputSize, &generator)
      cotangent = Make.normal(1, network.outputSize, &generator)
      let plain = PlainNetwork(network)
      values = plain.values(at: x.elements)!
      backward = plain.backward(cotangent.elements, at: x.elements)
      let solution = model.solve(x, by: method)
      point = model.linearization(at: solution.state, input: x)
      adjoint = model.adjoint(at: point, cotangent: cotangent, by: method)
    }

    var matrixForm: EquilibriumModel<Double> {
      var model = model
      model.form = .matrix
      return model
    }
  }

  private static let tolerance = 1e-12

  @Test("Block k of the adjoint is backpropagation's ∂ℓ/∂z^[k]", arguments: 0..<20 as Range<UInt64>)
  func adjointBlocks(seed: UInt64) {
    for method in [SolutionMethod.structured(Picard()), .whole(Picard())] {
      let scene = Scene(seed: seed, method: method)
      for (ours, plain) in zip(scene.adjoint.state, scene.backward.values) {
        #expect(distance(ours.elements, plain) <= Self.tolerance * max(1, magnitude(plain)))
      }
    }
  }

  @Test(
    "The adjoint of an L-layer network is reached exactly, in at most L iterations",
    arguments: 0..<20 as Range<UInt64>)
  func adjointTerminates(seed: UInt64) {
    let scene = Scene(seed: seed, method: .whole(Picard()))
    let record = scene.adjoint.records[0]
    #expect(record.converged)
    #expect(record.iterations <= scene.network.layers.count)
    #expect(record.samples[0].residual == 0)
    // From anywhere.
    var generator = SeededGenerator(seed: seed)
    let start = Make.state(of: scene.model, batch: 1, scale: 1e3, &generator)
    let again = scene.model.adjoint(
      at: scene.point, cotangent: scene.cotangent, by: .whole(Picard()), from: start)
    #expect(again.records[0].samples[0].residual == 0)
    #expect(zip(again.state, scene.adjoint.state).allSatisfy { haveSameBits($0.elements, $1.elements) })
  }

  @Test("Block (k, k−1) of ∂ℓ/∂W_z is the network's weight gradient", arguments: 0..<20 as Range<UInt64>)
  func weightGradients(seed: UInt64) {
    let scene = Scene(seed: seed)
    let whole = scene.matrixForm.gradients(at: scene.point, adjoint: scene.adjoint).parameters
    let pass = scene.network.forward(scene.x, solvingBy: .structured(Picard()))
    let own = scene.network.backpropagate(scene.cotangent, through: pass, solvingBy: .structured(Picard()))
      .gradients
    let starts = scene.model.blockStarts
    for k in scene.network.layers.indices {
      let weight = own.parameters["fc\(k).weight"]!
      let (rows, columns) = (weight.shape[0], weight.shape[1])
      for row in 0..<rows {
        for column in 0..<columns {
          let whole =
            k == 0
            ? whole["Wx"]!.elements[(starts[0] + row) * columns + column]
            : whole["Wz"]!.elements[(starts[k] + row) * scene.model.stateSize + starts[k - 1] + column]
          #expect(whole == weight.elements[row * columns + column])
          // And both are s_k times what the layer reads.
          let read = k == 0 ? scene.x.elements[column] : scene.values[k - 1][column]
          let expected = scene.backward.preactivations[k][row] * read
          #expect(abs(whole - expected) <= Self.tolerance * max(1, abs(expected)))
        }
        #expect(whole["b"]!.elements[starts[k] + row] == own.parameters["fc\(k).bias"]!.elements[row])
      }
    }
    #expect(
      distance(own.input.elements, scene.backward.input) <= Self.tolerance
        * max(1, magnitude(scene.backward.input)))
  }

  @Test("Off the pattern ∂ℓ/∂W_z is not 0: block (k, j) is s_k z_jᵀ", arguments: 0..<20 as Range<UInt64>)
  func offThePattern(seed: UInt64) {
    let scene = Scene(seed: seed)
    let whole = scene.matrixForm.gradients(at: scene.point, adjoint: scene.adjoint).parameters["Wz"]!
    let starts = scene.model.blockStarts
    let size = scene.model.stateSize
    var off = 0.0
    for (k, s) in scene.backward.preactivations.enumerated() {
      for (j, z) in scene.values.enumerated() {
        for row in s.indices {
          for column in z.indices {
            let found = whole.elements[(starts[k] + row) * size + starts[j] + column]
            let expected = s[row] * z[column]
            #expect(abs(found - expected) <= Self.tolerance * max(1, abs(expected)), "block (\(k), \(j))")
            if j != k - 1 { off += expected * expected }
          }
        }
      }
    }
    #expect(off > 0)
  }

  @Test(
    "A step on the whole W_z leaves the set of networks; a masked step does not",
    arguments: 0..<10 as Range<UInt64>)
  func training(seed: UInt64) throws {
    let scene = Scene(seed: seed)
    let depth = scene.network.layers.count
    let matrices = scene.model.matrices
    let gradients = scene.matrixForm.gradients(at: scene.point, adjoint: scene.adjoint).parameters
    let starts = scene.model.blockStarts
    let layout = scene.model.blocks.map {
      BlockOutline(name: $0.name, shape: $0.shape, nonlinearity: $0.nonlinearity)
    }
    func stepped(masked: Bool) throws -> EquilibriumModel<Double> {
      var (Wz, Wx, b) = (matrices.Wz, matrices.Wx, matrices.b)
      func block(of coordinate: Int) -> Int { starts.lastIndex { $0 <= coordinate }! }
      for row in 0..<Wz.rows {
        let k = block(of: row)
        for column in 0..<Wz.columns where !masked || block(of: column) == k - 1 {
          Wz[row, column] -= 0.01 * gradients["Wz"]!.elements[row * Wz.columns + column]
        }
        for column in 0..<Wx.columns where !masked || k == 0 {
          Wx[row, column] -= 0.01 * gradients["Wx"]!.elements[row * Wx.columns + column]
        }
        b[row] -= 0.01 * gradients["b"]!.elements[row]
      }
      return try EquilibriumModel(
        inputShape: scene.model.inputShape, layout: layout, Wz: Wz, Wx: Wx, b: b, output: scene.model.output)
    }
    // All of W_z: blocks read themselves and those after them, and it is nobody's network of layers any more.
    let free = try stepped(masked: false)
    #expect(free.nilpotencyIndex == nil)
    #expect(free.matrices.Wz.elements.contains { $0 != 0 })
    // Masked: the same chain, with the weights that training the network would have given it.
    let masked = try stepped(masked: true)
    #expect(masked.nilpotencyIndex == depth)
    let layers = scene.network.layers.enumerated().map { index, layer -> Layer<Double> in
      guard case .explicit(var block) = layer else { return layer }
      let weight = (block.terms[0].map as! DenseMap<Double>).weight
      var trained = weight
      for row in 0..<weight.rows {
        for column in 0..<weight.columns {
          let read = index == 0 ? scene.x.elements[column] : scene.values[index - 1][column]
          trained[row, column] -= 0.01 * scene.backward.preactivations[index][row] * read
        }
      }
      let bias = zip(block.offsets[0].vector, scene.backward.preactivations[index]).map { $0 - 0.01 * $1 }
      block.offsets[0] = Offset(vector: bias, parameter: block.offsets[0].parameter)
      block.terms[0].map = DenseMap(trained)
      return .explicit(block)
    }
    let trained = try Network(inputShape: scene.network.inputShape, layers: layers, output: depth - 1)
    let expected = PlainNetwork(trained).output(at: scene.x.elements)!
    let found = masked.solve(scene.x, by: .structured(Picard())).output
    #expect(distance(found.elements, expected) <= 1e-12 * max(1, magnitude(expected)))
  }
}
