import Blocks
import Conversion
import Equilibria
import Equivalence
import LinearAlgebra
import ModelJSON
import Networks
import Operators
import RandomNetworks
import TestSupport
import Testing

/// What the checker says where it cannot say yes.
@Suite("Verdicts")
struct VerdictTests {
  private func chain(_ depth: Int, scale: Double, activation: any Nonlinearity = Identity()) -> Network<
    Double
  > {
    var generator = SeededGenerator(seed: 11)
    let layers = (0..<depth).map {
      Samples.dense(
        "fc\($0)", 3, 3, reading: $0 == 0 ? .input : .node($0 - 1), &generator, activation: activation,
        scale: scale)
    }
    return try! Network(inputShape: [3], layers: layers, output: depth - 1)
  }

  /// The model with its last bias one unit in the last place off.
  private func nudged(_ model: EquilibriumModel<Double>) -> EquilibriumModel<Double> {
    var blocks = model.blocks
    let last = blocks.count - 1
    let offset = blocks[last].offsets[0]
    blocks[last].offsets[0] = Offset(
      vector: [offset.vector[0].nextUp] + offset.vector.dropFirst(), parameter: offset.parameter)
    return try! EquilibriumModel(inputShape: model.inputShape, blocks: blocks, output: model.output)
  }

  @Test("Outputs that are not finite are counted, never compared", arguments: [1e300, -1e300])
  func notFinite(scale: Double) {
    let network = chain(3, scale: scale)
    let model = EquilibriumModel(converting: network)
    for precision in EquivalenceChecker.Precision.allCases {
      var checker = EquivalenceChecker()
      checker.precision = precision
      let report = checker.check(network, against: model)
      #expect(report.verdict == .proved)
      let samples = report.measurement.samples
      #expect((samples.drawn, samples.compared, samples.withoutValue) == (16, 0, 16))
      #expect(report.measurement.discrepancies.isEmpty)
      #expect(report.counterexample == nil)
    }
  }

  @Test("Without a proof and without a finite output the verdict is undecided")
  func undecidedByOverflow() {
    let network = chain(3, scale: 1e300)
    let report = EquivalenceChecker().check(network, against: nudged(EquilibriumModel(converting: network)))
    #expect(report.verdict == .undecided)
    #expect(report.measurement.samples.compared == 0)
  }

  @Test("Without a proof and without an equilibrium the verdict is undecided")
  func undecidedWithoutEquilibrium() throws {
    // z = relu(z + 1) has no solution.
    let core = try EquilibriumModel<Double>(
      inputShape: [1],
      blocks: [
        Block(
          name: "z", size: 1, nonlinearity: ReLU(),
          terms: [Term(source: .node(0), map: DenseMap(Matrix([[1]])))], offsets: [Offset(vector: [1])])
      ], output: 0)
    let network = try Network(
      inputShape: [1], layers: [.implicit(try ImplicitLayer(name: "core", source: .input, model: core))],
      output: 0)
    let converted = EquilibriumModel(converting: network)
    let sound = EquivalenceChecker().check(network, against: converted)
    // The same equations, of which nothing is known but that no solver found an equilibrium.
    #expect(sound.isProvedToHaveSameEquations && sound.verdict == .undecided)
    #expect(sound.measurement.samples.withoutValue == 16)
    let report = EquivalenceChecker().check(network, against: nudged(converted))
    #expect(report.verdict == .undecided)
    #expect(report.measurement.samples.compared == 0)
    #expect(report.notes.contains { $0.contains("none found") }, "\(report.notes)")
  }

  @Test(
    "A model that overflows where the network does not is undecided: overflow is no property of the function")
  func overflowOnOneSide() {
    let network = chain(3, scale: 1)
    var blocks = EquilibriumModel(converting: network).blocks
    for index in blocks.indices {
      blocks[index].terms[0].map = DenseMap(Matrix(rows: 3, columns: 3, repeating: 1e300))
    }
    let model = try! EquilibriumModel(inputShape: [3], blocks: blocks, output: 2)
    let report = EquivalenceChecker().check(network, against: model)
    #expect(report.verdict == .undecided)
    #expect(report.measurement.samples.oneSided == 16)
  }

  @Test("Other sizes of input or output are refuted by their sizes")
  func sizes() {
    let network = chain(2, scale: 1)
    var generator = SeededGenerator(seed: 1)
    let other = try! Network(
      inputShape: [3], layers: [Samples.dense("fc0", 2, 3, reading: .input, &generator)], output: 0)
    let report = EquivalenceChecker().check(network, against: EquilibriumModel(converting: other))
    #expect(report.verdict == .refuted)
    #expect(report.notes.contains { $0.contains("3 outputs") && $0.contains("2 outputs") }, "\(report.notes)")
  }

  @Test("A model that keeps one block for two identical layers is the same function, of fewer parameters")
  func mergedTwins() throws {
    for readAlike in [false, true] {
      let network = Samples.twins(readAlike: readAlike)
      let converted = EquilibriumModel(converting: network)
      var reader = converted.blocks[2]
      reader.terms[0].source = .node(0)
      reader.terms[1].source = .node(0)
      let merged = try EquilibriumModel(inputShape: [2], blocks: [converted.blocks[0], reader], output: 1)
      // The same function, by independent loops.
      let x = [0.3, -1.2]
      #expect(distance(PlainModel(merged).output(at: x)!, PlainNetwork(network).output(at: x)!) < 1e-15)
      var generator = SeededGenerator(seed: 1)
      for model in [merged, merged.renamed().shuffled(using: &generator)] {
        for form in [ModelForm.blocks, .matrix] {
          let report = EquivalenceChecker().check(network, against: try model.rewritten(as: form))
          #expect(report.verdict == (form == .blocks || model.hasExactMatrices ? .proved : .agrees))
          #expect(report.parameters != .proved)
        }
      }
    }
  }

  @Test("A block that the network lacks changes nothing, as long as nothing reads it")
  func extraBlock() throws {
    let network = chain(2, scale: 1)
    var blocks = EquilibriumModel(converting: network).blocks
    var generator = SeededGenerator(seed: 1)
    guard case .explicit(let extra) = Samples.dense("extra", 2, 3, reading: .node(0), &generator) else {
      return
    }
    blocks.append(extra)
    let model = try EquilibriumModel(inputShape: [3], blocks: blocks, output: 1)
    for model in [model, model.renamed()] {
      for form in [ModelForm.blocks, .matrix] {
        let report = EquivalenceChecker().check(network, against: try model.rewritten(as: form))
        #expect(report.verdict == .proved)
        #expect(report.proof.function.basis?.method == .field)
      }
    }
  }

  @Test(
    "One parameter under two layers' names is one function of the input, and another one of the parameters")
  func sharedLabels() throws {
    let network = Samples.twins(readAlike: false)
    var blocks = EquilibriumModel(converting: network).blocks
    blocks[1].terms[0].parameter = "a.weight"
    let model = try EquilibriumModel(inputShape: [2], blocks: blocks, output: 2)
    let report = EquivalenceChecker().check(network, against: model)
    #expect((report.verdict, report.parameters) == (.proved, .differs))
    #expect(
      report.differingParameters.contains {
        $0.quantity == .parameterGradient(first: "a.weight", second: "a.weight")
      })
  }

  @Test("A difference in the last place is refused a proof, and agrees within rounding")
  func agrees() {
    let network = chain(3, scale: 1, activation: Tanh())
    let report = EquivalenceChecker().check(network, against: nudged(EquilibriumModel(converting: network)))
    #expect(report.verdict == .agrees)
    #expect(!report.isProvedToHaveSameEquations)
    #expect(report.measurement.samples.compared == 16)
    #expect((report.search?.rows ?? 0) > 0)
  }

  @Test("The same seed gives the same report, another seed another")
  func determinism() throws {
    var settings = NetworkGenerator()
    settings.implicitShare = 0.3
    settings.maximumDepth = 5
    settings.maximumWidth = 6
    for seed in 0..<UInt64(campaignSize(6)) {
      let network = settings.network(seed: 40 + seed)
      let converted = EquilibriumModel(converting: network)
      var generator = SeededGenerator(seed: seed)
      let faulty = Fault.planted(in: converted, kind: .activationReplaced, using: &generator)!.model
      for model in [converted, faulty, faulty.renamed()] {
        var checker = EquivalenceChecker()
        checker.seed = seed
        checker.samples = 6
        let report = String(reflecting: checker.check(network, against: model))
        #expect(report == String(reflecting: checker.check(network, against: model)))
        checker.seed = seed + 1
        #expect(report != String(reflecting: checker.check(network, against: model)))
      }
    }
  }

  @Test("The same seed plants the same fault")
  func faultsAreDeterministic() {
    let model = EquilibriumModel(converting: NetworkGenerator().network(seed: 3))
    for kind in Fault.Kind.allCases {
      var (first, second) = (SeededGenerator(seed: 9), SeededGenerator(seed: 9))
      let a = Fault.planted(in: model, kind: kind, using: &first)
      let b = Fault.planted(in: model, kind: kind, using: &second)
      #expect(a?.description == b?.description)
      #expect(String(reflecting: a?.model) == String(reflecting: b?.model))
    }
  }
}
