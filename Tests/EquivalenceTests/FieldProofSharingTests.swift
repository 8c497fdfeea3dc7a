import Blocks
import Equilibria
import LinearAlgebra
import Operators
import Testing

@testable import Equivalence

/// Layers that two models have in common are evaluated once, and only those.
@Suite("Layers that both models have")
struct FieldProofSharingTests {
  /// y = tanh(W x), with W large enough to be looked for in the other model; on the way perhaps an identity, so that the
  /// equations are others.
  private static func wide(nextUp element: Int? = nil, hasIdentity: Bool = false) throws -> EquilibriumModel<
    Double
  > {
    var generator = SeededGenerator(seed: 11)
    var weight = Matrix<Double>(
      rows: 128, columns: 128, elements: (0..<128 * 128).map { _ in generator.normal() })
    if let element { weight.elements[element] = weight.elements[element].nextUp }
    let linear = Block<Double>(
      name: "p", size: 128, nonlinearity: hasIdentity ? Identity() : Tanh(),
      terms: [Term(source: .input, map: DenseMap(weight))])
    let outer = Block<Double>(
      name: "y", size: 128, nonlinearity: Tanh(),
      terms: [Term(source: .node(0), map: IdentityMap<Double>([128]))])
    return try EquilibriumModel(
      inputShape: [128], blocks: hasIdentity ? [linear, outer] : [linear], output: hasIdentity ? 1 : 0)
  }

  @Test("The same weights are one function, however the layer is written")
  func same() throws {
    let function = proof(try Self.wide(), try Self.wide(hasIdentity: true)).function
    #expect(function.isProved && function.basis?.method == .field)
  }

  @Test(
    "One weight of a large layer that is another by a unit in its last place is another function",
    arguments: [0, 389, 8192, 16383])
  func changed(element: Int) throws {
    let function = proof(try Self.wide(), try Self.wide(nextUp: element, hasIdentity: true)).function
    #expect(function.basis == nil)
  }
}
