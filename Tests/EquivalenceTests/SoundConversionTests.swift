import Blocks
import Conversion
import Equilibria
import Equivalence
import FixedPoints
import LinearAlgebra
import ModelJSON
import Networks
import Operators
import RandomNetworks
import TestSupport
import Testing

/// Conversions without a fault are proved, however they are written down: the checker never cries wolf.
@Suite("Sound conversions")
struct SoundConversionTests {
  static let solvers: [any FixedPointSolver] = [Picard(), Anderson(), Broyden(), Newton()]

  @Test(
    "Conversions of random networks are proved in every precision, form and order, with every solver",
    arguments: solvers.indices, EquivalenceChecker.Precision.allCases)
  func randomNetworks(solver: Int, precision: EquivalenceChecker.Precision) throws {
    var settings = NetworkGenerator()
    settings.maximumDepth = 6
    settings.maximumWidth = 8
    for index in 0..<UInt64(campaignSize(30)) {
      let seed = index * 8 + UInt64(solver) * 2 + (precision == .float32 ? 1 : 0)
      settings.implicitShare = seed % 3 == 0 ? 0.2 : 0
      let network = settings.network(seed: 10_000 + seed)
      var generator = SeededGenerator(seed: seed)
      var model = EquilibriumModel(converting: network)
      if index % 2 == 0 { model = model.shuffled(using: &generator) }
      if index % 3 == 0 { model = model.renamed() }
      let form = index % 4 < 2 || !model.hasExactMatrices ? ModelForm.blocks : .matrix
      let label = "seed \(10_000 + seed), \(form)"
      let report = check(
        network, try model.rewritten(as: form), samples: 6, solver: solver, precision: precision)
      expectProved(report, label)
    }
  }

  private func check(
    _ network: Network<Double>, _ model: EquilibriumModel<Double>, samples: Int = 6, solver: Int = 0,
    precision: EquivalenceChecker.Precision = .float64
  ) -> EquivalenceReport {
    var checker = EquivalenceChecker()
    checker.samples = samples
    checker.solver = Self.solvers[solver]
    checker.precision = precision
    return checker.check(network, against: model)
  }

  private func expectProved(_ report: EquivalenceReport, _ label: String) {
    #expect(report.isProvedToHaveSameEquations, "\(label): \(report.proof)")
    #expect(
      report.isFaultless || report.measurement.samples.drawn == 0,
      "\(label): \(report.verdict), \(report.parameters), \(report.warnings), \(report.measurement.samples)")
    #expect(report.counterexample == nil, "\(label)")
  }

  /// The model as it is, with every form, order and naming.
  private func expectProvedEverywhere(_ network: Network<Double>, _ label: String) throws {
    var generator = SeededGenerator(seed: 1)
    let model = EquilibriumModel(converting: network)
    let variants = [
      model, model.shuffled(using: &generator), model.renamed(), model.renamed().shuffled(using: &generator),
    ]
    for (index, variant) in variants.enumerated() {
      for form in [ModelForm.blocks, .matrix] {
        for precision in EquivalenceChecker.Precision.allCases {
          let report = check(network, try variant.rewritten(as: form), solver: index, precision: precision)
          expectProved(report, "\(label), variant \(index), \(form), \(precision)")
        }
      }
    }
  }

  @Test("Identical twin layers are told apart by what reads them, and by nothing where nothing does")
  func twins() throws {
    try expectProvedEverywhere(Samples.twins(readAlike: false), "twins read differently")
    try expectProvedEverywhere(Samples.twins(readAlike: true), "twins read alike")
  }

  @Test("A network of identical layers is proved")
  func identicalLayers() throws {
    try expectProvedEverywhere(Samples.identicalLayers(12), "12 identical layers")
    let network = Samples.identicalLayers(300)
    var generator = SeededGenerator(seed: 3)
    let model = EquilibriumModel(converting: network).renamed().shuffled(using: &generator)
    expectProved(check(network, model, samples: 2), "300 identical layers")
  }

  @Test("Layers that nothing reads are proved with the others")
  func unreadLayers() throws {
    var generator = SeededGenerator(seed: 4)
    let layers = (0..<5).map {
      Samples.dense("fc\($0)", 3, 3, reading: $0 == 0 ? .input : .node($0 - 1), &generator)
    }
    try expectProvedEverywhere(
      Network(inputShape: [3], layers: layers, output: 2), "layers behind the output")
  }

  @Test("Layers of width 1 and layers of zeros are proved")
  func degenerateLayers() throws {
    var generator = SeededGenerator(seed: 5)
    let narrow = (0..<4).map {
      Samples.dense("fc\($0)", 1, 1, reading: $0 == 0 ? .input : .node($0 - 1), &generator)
    }
    try expectProvedEverywhere(Network(inputShape: [1], layers: narrow, output: 3), "width 1")
    for zero in [0.0, -0.0] {
      let zeros = (0..<3).map { index in
        Layer<Double>.explicit(
          Block(
            name: "fc\(index)", size: 2, nonlinearity: Tanh(),
            terms: [
              Term(
                source: index == 0 ? .input : .node(index - 1),
                map: DenseMap(Matrix(rows: 2, columns: 2, repeating: zero)), parameter: "fc\(index).weight")
            ], offsets: [Offset(vector: [zero, zero], parameter: "fc\(index).bias")]))
      }
      try expectProvedEverywhere(Network(inputShape: [2], layers: zeros, output: 2), "all weights \(zero)")
    }
  }

  @Test("Networks with implicit layers are proved")
  func implicitLayers() throws {
    var settings = NetworkGenerator()
    settings.implicitShare = 1
    settings.maximumDepth = 2
    settings.maximumWidth = 5
    for seed in 0..<UInt64(campaignSize(3)) {
      try expectProvedEverywhere(settings.network(seed: 700 + seed), "implicit layers of seed \(700 + seed)")
    }
  }

  @Test("Entries split into summands that add up exactly are proved")
  func splitEntries() throws {
    var settings = NetworkGenerator()
    settings.graphShare = 0
    settings.maximumDepth = 5
    settings.maximumWidth = 6
    settings.implicitShare = 0.1
    for seed in 0..<UInt64(campaignSize(40)) {
      let network = settings.network(seed: 20_000 + seed)
      let model = EquilibriumModel(converting: network)
      var blocks = model.blocks
      for block in blocks.indices {
        for term in model.blocks[block].terms.indices {
          let weight = (blocks[block].terms[term].map as! DenseMap<Double>).weight
          // Three quarters and one quarter of a number add up exactly if no bit is lost, a number and 0 always.
          var (first, second) = (weight, weight)
          for index in weight.elements.indices {
            let (number, quarter) = (weight.elements[index], weight.elements[index] / 4)
            let isExact = (3 * quarter).addingProduct(-3, quarter) == 0 && quarter * 4 == number
            if number != 0, isExact, seed % 2 == 0 {
              (first.elements[index], second.elements[index]) = (3 * quarter, quarter)
            } else if number != 0 {
              first.elements[index] = index % 2 == 0 ? number : 0
              second.elements[index] = index % 2 == 0 ? 0 : number
            }
          }
          blocks[block].terms[term].map = DenseMap(first)
          // Half of a parameter is none.
          blocks[block].terms[term].parameter = nil
          blocks[block].terms.append(Term(source: blocks[block].terms[term].source, map: DenseMap(second)))
        }
      }
      let split = try EquilibriumModel(inputShape: model.inputShape, blocks: blocks, output: model.output)
      for form in [ModelForm.blocks, .matrix] {
        let rewritten = try split.rewritten(as: form)
        expectProved(check(network, rewritten), "seed \(20_000 + seed), \(form)")
      }
    }
  }

  @Test("10,000 layers are converted and proved, entry for entry, under their own names and others")
  func deep() {
    var generator = SeededGenerator(seed: 6)
    let depth = 10_000
    let layers = (0..<depth).map {
      Samples.dense("fc\($0)", 2, 2, reading: $0 == 0 ? .input : .node($0 - 1), &generator)
    }
    let network = try! Network(inputShape: [2], layers: layers, output: depth - 1)
    let model = EquilibriumModel(converting: network)
    #expect(model.nilpotencyIndex == depth)
    #expect(model.groups.count == depth)
    #expect(model.blocks.reduce(0) { $0 + $1.terms.count + $1.offsets.count } == 2 * depth)
    let report = check(network, model, samples: 2)
    expectProved(report, "10,000 layers")
    #expect(report.notes.contains { $0.contains("work budget") })
    expectProved(
      check(network, model.renamed().shuffled(using: &generator), samples: 0), "10,000 renamed layers")
  }
}
