import Blocks
import Conversion
import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import Operators
import RandomNetworks
import Testing

/// What an evaluation keeps changes no bit of a derivative.
@Suite("Retention")
struct RetentionTests {
  private func sameBits(_ a: Gradients<Double>, _ b: Gradients<Double>) -> Bool {
    haveSameBits(a.input.elements, b.input.elements) && a.parameters.names == b.parameters.names
      && a.parameters.names.allSatisfy { a.parameters[$0]!.isIdentical(to: b.parameters[$0]!) }
  }

  @Test("Values that are computed again give the gradients of those that are kept", arguments: 0..<40)
  func again(seed: Int) throws {
    let network = NetworkGenerator().network(seed: UInt64(seed))
    var generator = SeededGenerator(seed: UInt64(seed))
    let x = Make.normal(3, network.inputSize, &generator)
    let cotangent = Make.normal(3, network.outputSize, &generator)
    let method = SolutionMethod.standard
    let whole = network.forward(x, solvingBy: method)
    let ports = network.forward(x, solvingBy: method, keeping: .ports)
    #expect(haveSameBits(whole.output.elements, ports.output.elements))
    let expected = network.backpropagate(cotangent, through: whole, solvingBy: method)
    #expect(
      sameBits(
        network.backpropagate(cotangent, through: ports, solvingBy: method).gradients, expected.gradients))
    // A value is released where its last reader has read it, so that the output remains, and little else.
    let alone = network.forward(x, solvingBy: method, keeping: .output)
    #expect(haveSameBits(alone.output.elements, whole.output.elements))
    #expect(alone.values.indices.allSatisfy { $0 == network.output || alone.values[$0].rows == 0 })

    let model = EquilibriumModel(converting: network)
    let solved = model.solve(x, by: method)
    let found = model.solve(x, by: method, keeping: .ports)
    #expect(haveSameBits(solved.output.elements, found.output.elements))
    #expect(
      sameBits(
        model.backpropagate(cotangent, through: found, by: method).gradients,
        model.backpropagate(cotangent, through: solved, by: method).gradients))
  }

  @Test("Gradients that are added to others are the sum, up to the order of summation", arguments: 0..<20)
  func sums(seed: Int) {
    let network = NetworkGenerator().network(seed: UInt64(seed))
    var generator = SeededGenerator(seed: UInt64(seed))
    let method = SolutionMethod.standard
    var sum: ParameterTensors<Double>? = ParameterTensors()
    var apart = ParameterTensors<Double>()
    for _ in 0..<3 {
      let x = Make.normal(2, network.inputSize, &generator)
      let cotangent = Make.normal(2, network.outputSize, &generator)
      let own = network.backpropagate(
        cotangent, through: network.forward(x, solvingBy: method), solvingBy: method
      ).gradients.parameters
      for name in own.names { apart.add(own[name]!, to: name) }
      sum =
        network.backpropagate(
          cotangent, through: network.forward(x, solvingBy: method, keeping: .ports), solvingBy: method,
          addingTo: sum
        ).gradients.parameters
    }
    #expect(Set(sum!.names) == Set(apart.names))
    for name in apart.names {
      let scale = max(largestMagnitude(apart[name]!.elements[...]), 1e-300)
      for (a, b) in zip(sum![name]!.elements, apart[name]!.elements) where a.isFinite && b.isFinite {
        #expect(abs(a - b) <= 1e-13 * scale)
      }
    }
  }
}
