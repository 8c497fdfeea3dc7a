import Conversion
import Equilibria
import Equivalence
import LinearAlgebra
import Networks
import Operators
import RandomNetworks
import TestSupport
import Testing

/// Every kind of fault, planted in the conversions of random networks: does the checker see it?
@Suite("Planted faults")
struct MutationTests {
  /// What became of the faults of one kind.
  private struct Row {
    var planted = 0
    /// How many of them were evaluated too, and not only refused a proof.
    var evaluated = 0
    var proofRefused = 0
    /// How many were proved, since they do not change the function.
    var harmless = 0
    var located = 0
    var changesFunction = 0
    var verdicts: [Verdict: Int] = [:]
  }

  /// A network, and what independent loops say of it at a few inputs.
  private struct Subject {
    let network: Network<Double>
    let inputs: [[Double]]
    let outputs: [[Double]?]

    init(seed: UInt64) {
      var generator = NetworkGenerator()
      generator.implicitShare = seed % 4 == 0 ? 0.2 : 0
      generator.graphShare = 0
      generator.maximumDepth = 6
      generator.maximumWidth = 8
      network = generator.network(seed: seed)
      var numbers = SeededGenerator(seed: seed ^ 0xABCD)
      let size = network.inputSize
      inputs = (0..<6).map { _ in normalVector(size, using: &numbers) }
      let plain = PlainNetwork(network)
      outputs = inputs.map { plain.output(at: $0) }
    }

    /// Whether a model's output is another one than the network's, far beyond rounding, on nearly every input.
    func differsGreatly(from model: EquilibriumModel<Double>) -> Bool {
      guard MutationTests.isPlain(model) else { return false }
      let plain = PlainModel(model)
      let differing = zip(inputs, outputs).filter { x, output in
        guard let output, let other = plain.output(at: x) else { return false }
        return isGreat(output, other)
      }
      return differing.count >= 5
    }
  }

  /// Whether independent loops can evaluate a model: dense layers of activations.
  private static func isPlain(_ model: EquilibriumModel<Double>) -> Bool {
    model.blocks.allSatisfy { block in
      NonlinearityRegistry.activations.contains { $0.typeName == type(of: block.nonlinearity).typeName }
        && block.terms.allSatisfy { $0.map is DenseMap<Double> }
    }
  }

  private static func isGreat(_ a: [Double], _ b: [Double]) -> Bool {
    guard a.count == b.count else { return true }
    return TestSupport.distance(a, b) > 1e-5 * max(magnitude(a), magnitude(b))
  }

  @Test("Every planted fault that changes the function is refused a proof, located, and refuted")
  func campaign() throws {
    var table: [Fault.Kind: Row] = [:]
    for seed in 0..<UInt64(campaignSize(208)) {
      let isEvaluated = seed % 13 == 0
      let subject = Subject(seed: seed)
      let converted = EquilibriumModel(converting: subject.network)
      for (position, kind) in Fault.Kind.allCases.enumerated() {
        var generator = SeededGenerator(seed: seed << 8 | UInt64(position))
        let isRenamed = (seed / 2 + UInt64(position)) % 3 == 0
        var variant = isRenamed ? converted.renamed() : converted
        if (seed + UInt64(position)) % 2 == 0 { variant = variant.shuffled(using: &generator) }
        guard let fault = Fault.planted(in: variant, kind: kind, using: &generator) else { continue }
        let changesFunction = isEvaluated && subject.differsGreatly(from: fault.model)
        for form in [ModelForm.blocks, .matrix] where form == .blocks || kind != .labelsExchanged {
          let model = try fault.model.rewritten(as: form)
          var row = table[kind, default: Row()]
          try judge(
            model, fault, subject, samples: isEvaluated ? 8 : 0, changesFunction: changesFunction,
            isEffective: isEffective(fault.model, on: variant, seed: seed),
            "seed \(seed), \(form), \(isRenamed ? "renamed" : "named"): \(fault)", &row)
          table[kind] = row
        }
      }
    }
    Self.print(table)
    // Dense layers have one port, and no constants but those of activations: graphs have the others.
    let others: Set<Fault.Kind> = [.mapAttributeChanged, .portsExchanged, .termMoved, .offsetMapChanged]
    for kind in Fault.Kind.allCases where !others.contains(kind) {
      #expect(table[kind, default: Row()].planted > 0, "\(kind.rawValue) was never planted")
    }
  }

  private func judge(
    _ model: EquilibriumModel<Double>, _ fault: Fault, _ subject: Subject, samples: Int,
    changesFunction: Bool, isEffective: Bool, _ label: String, _ row: inout Row
  ) throws {
    var checker = EquivalenceChecker()
    checker.samples = samples
    let report = checker.check(subject.network, against: model)
    row.planted += 1
    if samples > 0 {
      row.evaluated += 1
      row.verdicts[report.verdict, default: 0] += 1
    }
    if case .notProved(let gap) = report.proof.function {
      row.proofRefused += 1
      // Other sizes of the output are told without a place.
      guard let difference = gap.difference else { return }
      #expect(!difference.place.isEmpty, "\(label)")
      let isExact =
        difference.place == fault.place && difference.row == fault.row && difference.column == fault.column
        && Self.tells(difference.first, fault.before) && Self.tells(difference.second, fault.after)
      if isExact { row.located += 1 }
      if fault.row != nil {
        #expect(isExact, "\(label): found \(difference.description)")
      }
    } else {
      // What nothing reads, and what a parameter is called, is no part of the function.
      row.harmless += 1
      #expect(!isEffective && !changesFunction, "\(label)")
      if report.parameters == .proved {
        #expect(
          haveEqualGradients(subject.network, model, of: report.proof.parameters.matches), "\(label)")
      }
    }
    if changesFunction {
      row.changesFunction += 1
      #expect(
        report.verdict == .refuted || report.measurement.samples.compared == 0
          // What rests elsewhere from another start may be the same after all.
          || report.measurement.samples.atOtherEquilibria > 0 || report.measurement.hasSeveralEquilibria,
        "\(label): \(report.verdict), \(report.notes)")
      if let counterexample = report.counterexample {
        #expect(counterexample.discrepancy.quantity == .output, "\(label)")
      }
    }
    if report.verdict == .refuted { expectReproduction(of: report, subject, model, label) }
  }

  /// Whether a text is the expected one, or a sum, product or quotient that the expected number is the rounding of.
  private static func tells(_ text: String, _ expected: String) -> Bool {
    if text == expected { return true }
    guard let number = Double(expected) else { return false }
    let sum = text.split(separator: " + ").reduce(0.0) { sum, summand in
      let quotient = summand.split(separator: "/")
      let product = quotient[0].split(separator: "·").reduce(1.0) { $0 * (Double($1) ?? .nan) }
      return sum + product / (quotient.count > 1 ? Double(quotient[1]) ?? .nan : 1)
    }
    return abs(sum - number) <= 2 * number.ulp
  }

  /// Independent loops find the same difference of outputs on the counterexample's input.
  private func expectReproduction(
    of report: EquivalenceReport, _ subject: Subject, _ model: EquilibriumModel<Double>, _ label: String
  ) {
    guard let counterexample = report.counterexample else {
      #expect(subject.network.outputSize != model.outputSize, "\(label): refuted without a counterexample")
      return
    }
    let discrepancy = counterexample.discrepancy
    guard discrepancy.quantity == .output, Self.isPlain(model),
      let ours = PlainNetwork(subject.network).output(at: counterexample.input),
      let theirs = PlainModel(model).output(at: counterexample.input)
    else { return }
    let difference = abs(ours[discrepancy.index] - theirs[discrepancy.index])
    let rounding = 1e-11 * max(magnitude(ours), magnitude(theirs))
    #expect(
      abs(difference - discrepancy.absolute) <= 0.01 * discrepancy.absolute + rounding,
      "\(label): \(counterexample) does not reproduce: \(ours), \(theirs)")
  }

  private static func print(_ table: [Fault.Kind: Row]) {
    func cell(_ text: String, _ width: Int = 9) -> String {
      String(repeating: " ", count: max(1, width - text.count)) + text
    }
    var lines = [
      "fault" + cell("planted", 33) + cell("no proof", 10) + cell("harmless", 10) + cell("located")
        + cell("evaluated", 11)
        + cell("changes f", 10)
        + cell("refuted") + cell("agrees") + cell("undecided", 10) + cell("proved")
    ]
    for kind in Fault.Kind.allCases {
      let row = table[kind, default: Row()]
      lines.append(
        kind.rawValue + cell("\(row.planted)", 38 - kind.rawValue.count) + cell("\(row.proofRefused)", 10)
          + cell("\(row.harmless)", 10)
          + cell("\(row.located)") + cell("\(row.evaluated)", 11) + cell("\(row.changesFunction)", 10)
          + cell("\(row.verdicts[.refuted] ?? 0)") + cell("\(row.verdicts[.agrees] ?? 0)")
          + cell("\(row.verdicts[.undecided] ?? 0)", 10) + cell("\(row.verdicts[.proved] ?? 0)"))
    }
    Swift.print(lines.joined(separator: "\n"))
  }
}
