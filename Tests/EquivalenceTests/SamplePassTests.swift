import Blocks
import Conversion
import Equilibria
import Equivalence
import LinearAlgebra
import Networks
import Operators
import RandomNetworks
import Testing

/// A check that evaluates its samples in passes finds what one that evaluates them together finds.
@Suite("Samples in passes")
struct SamplePassTests {
  private func report(
    _ first: JudgedModel, _ second: JudgedModel, atOnce: Int?
  ) -> EquivalenceReport {
    var checker = EquivalenceChecker()
    checker.samplesAtOnce = atOnce
    // The generic path on the whole state takes a part of the samples only, which the size of a pass changes.
    checker.workBudget = 0
    checker.searchBudget = 0
    return checker.check(first, against: second)
  }

  /// What a report says of a quantity, without the digits that the order of summation decides.
  private func summary(_ report: EquivalenceReport) -> [String] {
    report.measurement.discrepancies.filter { $0.path == .structured }
      .map { "\($0.quantity.description): \($0.agreement)" }
  }

  @Test("The size of a pass changes no verdict, no count and no agreement", arguments: 0..<6)
  func sizes(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let layers = (0..<3).map {
      Samples.dense("fc\($0)", 4, 4, reading: $0 == 0 ? .input : .node($0 - 1), &generator)
    }
    let network = try! Network(inputShape: [4], layers: layers, output: 2)
    var model = EquilibriumModel(converting: network)
    if seed % 2 == 1 { model = Self.changed(model) }
    let together = report(.network(network), .equilibrium(model), atOnce: 16)
    for atOnce in [1, 5] {
      let apart = report(.network(network), .equilibrium(model), atOnce: atOnce)
      #expect(apart.verdict == together.verdict)
      #expect(apart.measurement.samples == together.measurement.samples)
      #expect(summary(apart) == summary(together))
    }
  }

  /// The model with one number of its first constant changed by a third.
  private static func changed(_ model: EquilibriumModel<Double>) -> EquilibriumModel<Double> {
    var blocks = model.blocks
    for (index, block) in blocks.enumerated() {
      guard let offset = block.offsets.first, offset.map == nil else { continue }
      var tensor = offset.tensor
      tensor.elements[0] = tensor.elements[0] * 4 / 3 + 0.25
      blocks[index].offsets[0] = Offset(port: offset.port, tensor: tensor, parameter: offset.parameter)
      break
    }
    return try! EquilibriumModel(inputShape: model.inputShape, blocks: blocks, output: model.output)
  }

  @Test(
    "A sample without finite gradients is left out of the sums, in whichever pass it is",
    arguments: [1, 2, 5, 16])
  func spoiled(atOnce: Int) throws {
    // The square root of |w x| has no finite derivative at the first sample, which is zero.
    let weight = Tensor<Double>(shape: [2, 2], elements: [1, -2, 0.5, 3])
    let map = try DenseMap<Double>(inputShape: [2], parameter: weight, attributes: [:])
    let network = try Network<Double>(
      inputShape: [2],
      layers: [
        .explicit(
          Block(
            name: "w", size: 2, nonlinearity: AbsoluteValue(),
            terms: [Term(source: .input, map: map, parameter: "w")])),
        .explicit(
          Block(
            name: "root", size: 2, nonlinearity: SquareRoot(),
            terms: [Term(source: .node(0), map: IdentityMap([2]))])),
      ], output: 1)
    let found = report(.network(network), .equilibrium(EquilibriumModel(converting: network)), atOnce: atOnce)
    #expect(found.verdict == .proved)
    #expect(found.measurement.samples.compared == 16)
    #expect(found.measurement.samples.comparedByGradients == 15)
    let gradients = found.measurement.discrepancies.filter { $0.quantity != .output }
    #expect(gradients.count >= 2)
    #expect(gradients.allSatisfy { $0.first.isFinite && $0.second.isFinite && $0.isRounding })
  }

  @Test("Every input that is asked for is compared, however large a pass")
  func ownInputs() {
    let network = NetworkGenerator().network(seed: 3)
    var checker = EquivalenceChecker()
    checker.samplesAtOnce = 3
    checker.samples = 4
    checker.inputs = Matrix(rows: 7, columns: network.inputSize, repeating: 0.5)
    let report = checker.check(network, against: EquilibriumModel(converting: network))
    #expect(report.measurement.samples.drawn == 11)
    #expect(report.measurement.samples.compared == 11)
  }
}
