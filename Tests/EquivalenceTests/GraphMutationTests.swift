import Blocks
import Conversion
import Equilibria
import Equivalence
import LinearAlgebra
import Networks
import Operators
import RandomNetworks
import TestSupport
import Testing

/// Faults and harmless rewritings in the conversions of random graphs of every linear map and nonlinearity.
@Suite("Graphs: planted faults and harmless rewritings")
struct GraphMutationTests {
  /// What became of the faults of one kind.
  fileprivate struct Row {
    var planted = 0
    var refused = 0
    var harmless = 0
    var located = 0
    var verdicts: [Verdict: Int] = [:]
  }

  private static let generator: NetworkGenerator = {
    var generator = NetworkGenerator()
    generator.graphShare = 1
    generator.maximumDepth = 6
    generator.maximumWidth = 8
    return generator
  }()

  /// A model as it is or under other names, in its order or another.
  private static func variant(
    of model: EquilibriumModel<Double>, _ number: UInt64, _ generator: inout SeededGenerator
  ) -> (model: EquilibriumModel<Double>, isNamed: Bool) {
    let isNamed = number % 3 != 0
    let named = isNamed ? model : model.renamed()
    return (number % 2 == 0 ? named.shuffled(using: &generator) : named, isNamed)
  }

  @Test("No fault that changes the function is proved; each is refused a proof where it is, in both forms")
  func faults() throws {
    var kinds: [String: Row] = [:]
    var subjects: [String: Row] = [:]
    for seed in 0..<UInt64(campaignSize(130)) {
      let network = Self.generator.network(seed: seed)
      let converted = EquilibriumModel(converting: network)
      for (position, kind) in Fault.Kind.allCases.enumerated() {
        let number = seed + UInt64(position)
        var numbers = SeededGenerator(seed: seed << 8 | UInt64(position))
        let (model, isNamed) = Self.variant(of: converted, number, &numbers)
        guard let fault = Fault.planted(in: model, kind: kind, using: &numbers) else { continue }
        let isMatrix = number % 4 == 3 && kind != .labelsExchanged
        let written = number % 4 == 2 || isMatrix
        // What no reader takes, entries that nothing tells apart, is judged as it stands in memory.
        let rewritten = written ? try? fault.model.rewritten(as: isMatrix ? .matrix : .blocks) : nil
        let judged = rewritten ?? fault.model
        var row = Row()
        judge(
          judged, fault, network, isExact: isNamed && (!isMatrix || fault.model.hasExactMatrices),
          isEffective: isEffective(fault.model, on: model, seed: seed), samples: number % 29 == 0 ? 5 : 0,
          "seed \(seed)\(isMatrix ? ", matrix" : ""): \(fault)", &row)
        kinds[kind.rawValue, default: Row()].add(row)
        if let subject = fault.subject { subjects[subject, default: Row()].add(row) }
      }
    }
    print(Self.table("fault", kinds) + "\n" + Self.table("operator", subjects))
    // Some kinds are planted in few networks, and a short campaign may have none of them.
    for kind in Fault.Kind.allCases where campaignSize(130) >= 130 {
      #expect((kinds[kind.rawValue]?.planted ?? 0) > 0, "\(kind.rawValue) was never planted")
    }
  }

  private func judge(
    _ model: EquilibriumModel<Double>, _ fault: Fault, _ network: Network<Double>, isExact: Bool,
    isEffective: Bool, samples: Int, _ label: String, _ row: inout Row
  ) {
    var checker = EquivalenceChecker()
    checker.samples = samples
    let report = checker.check(network, against: model)
    row.planted += 1
    if samples > 0 { row.verdicts[report.verdict, default: 0] += 1 }
    guard case .notProved(let gap) = report.proof.function else {
      // What nothing reads, and what a parameter is called, is no part of the function.
      row.harmless += 1
      #expect(!isEffective, "\(label)")
      if report.parameters == .proved {
        #expect(haveEqualGradients(network, model, of: report.proof.parameters.matches), "\(label)")
      }
      return
    }
    row.refused += 1
    // Other sizes of the output are told without a place.
    guard let difference = gap.difference else { return }
    if difference.place == fault.place, difference.row == fault.row, difference.column == fault.column {
      row.located += 1
    } else if isExact, fault.row != nil, Double(difference.first) != 0 || Double(difference.second) != 0 {
      // A zero of another sign is another number bit by bit, and may stand before the fault.
      Issue.record("\(label): found \(difference.description)")
    }
  }

  @Test("Unharmed models are proved: shuffled, renamed, written otherwise, in memory and read back")
  func unharmed() throws {
    var made: [String: Row] = [:]
    for seed in 0..<UInt64(campaignSize(130)) {
      let network = Self.generator.network(seed: 5_000 + seed)
      let converted = EquilibriumModel(converting: network)
      for (position, kind) in ([nil] + Rewriting.Kind.allCases).enumerated() {
        let number = seed + UInt64(position)
        var numbers = SeededGenerator(seed: seed << 8 | UInt64(position))
        var (model, _) = Self.variant(of: converted, number, &numbers)
        var place = "nothing"
        if let kind {
          // An entry or a constant that is written out is another number where it is rounded.
          if kind == .offsetWrittenOut || kind == .mapWrittenOut, !model.hasExactMatrices { continue }
          guard let rewriting = Rewriting.made(in: model, kind: kind, using: &numbers) else { continue }
          (model, place) = (rewriting.model, rewriting.place)
        }
        let isMatrix = number % 3 == 1 && model.hasExactMatrices
        if number % 3 > 0, let written = try? model.rewritten(as: isMatrix ? .matrix : .blocks) {
          model = written
        }
        var checker = EquivalenceChecker()
        checker.samples = number % 5 == 0 ? 5 : 0
        let report = checker.check(network, against: model)
        made[kind?.rawValue ?? "as converted", default: Row()].planted += 1
        #expect(
          report.isFaultless || report.measurement.samples.drawn == 0 && report.isProvedToHaveSameEquations,
          "seed \(5_000 + seed)\(isMatrix ? ", matrix" : ""), \(kind?.rawValue ?? "") at \(place): \(report.proof), \(report.verdict), \(report.notes)"
        )
      }
    }
    print(made.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.planted)" }.joined(separator: ", "))
    for kind in Rewriting.Kind.allCases {
      #expect((made[kind.rawValue]?.planted ?? 0) > 0, "\(kind.rawValue) was never made")
    }
  }

  /// Constants that have no other value of the same sizes with other entries: whatever they are, the entries are the same
  /// or there are more or fewer of them.
  private static let inert: Set<String> = [
    "reshape.shape", "flatten.start_dim", "flatten.end_dim", "mean.keepdim", "sum.keepdim", "place.total",
    "slice.end", "interpolate.size", "avg_pool.ceil_mode", "amax.keepdim", "amin.keepdim",
    "logsumexp.keepdim", "norm.keepdim",
    "max_pool.ceil_mode",
  ]

  @Test("Every attribute of every operator is changed in some model, and none of them is proved")
  func everyAttribute() throws {
    var missing: [String] = []
    for type in LinearMapRegistry.all {
      missing += try missingAttributes(
        type.typeName, type.schema, kinds: [.mapAttributeChanged]
      ) { Self.generator.network(applying: type, seed: $0) }
    }
    for type in NonlinearityRegistry.all {
      missing += try missingAttributes(
        type.typeName, type.schema,
        kinds: [.activationConstantUlp, .nonlinearityAttributeChanged]
      ) { Self.generator.network(applying: type, seed: $0) }
    }
    #expect(Set(missing).subtracting(Self.inert).isEmpty, "\(missing)")
  }

  /// The attributes of an operator that no fault was planted in.
  private func missingAttributes(
    _ operatorName: String, _ schema: OperatorSchema, kinds: [Fault.Kind],
    network: (UInt64) -> Network<Double>?
  ) throws -> [String] {
    var missing = Set(schema.names.map { "\(operatorName).\($0)" })
    for seed in 0..<UInt64(4_000) where !missing.subtracting(Self.inert).isEmpty {
      guard let network = network(seed) else { continue }
      for kind in kinds {
        var numbers = SeededGenerator(seed: seed)
        let model = EquilibriumModel(converting: network)
        guard let fault = Fault.planted(in: model, kind: kind, using: &numbers), let subject = fault.subject
        else {
          continue
        }
        guard missing.remove(subject) != nil else { continue }
        var row = Row()
        let isEffective = isEffective(fault.model, on: model, seed: seed)
        judge(
          fault.model, fault, network, isExact: true, isEffective: isEffective, samples: 3,
          "\(subject), seed \(seed): \(fault)", &row)
        for form in [ModelForm.blocks, .matrix] {
          judge(
            try fault.model.rewritten(as: form), fault, network,
            isExact: form == .blocks || fault.model.hasExactMatrices, isEffective: isEffective, samples: 0,
            "\(subject), \(form), seed \(seed): \(fault)", &row)
        }
      }
    }
    return missing.sorted()
  }

  @Test("Entries that are the same for another reason are no proof where a label promises a gradient")
  func parametersOfSameEntries() throws {
    let weight = Tensor<Double>(zeros: [2, 1, 3])
    let map = { (padding: [Int]) in
      try Convolution<Double>(inputShape: [1, 4], weight: weight, padding: .integers(padding))
    }
    let block = { (padding: [Int], name: String?) in
      Block<Double>(
        name: "conv", shape: [2, 4], nonlinearity: Identity(),
        terms: [Term(source: .input, map: try map(padding), parameter: name)])
    }
    let network = try Network(inputShape: [1, 4], layers: [.explicit(block([1], "conv.weight"))], output: 0)
    for (padding, name, isProved) in [
      ([1], "conv.weight", true), ([1, 1], "conv.weight", true), ([0, 2], "conv.weight", false),
      ([0, 2], nil, true),
    ] as [([Int], String?, Bool)] {
      let model = try EquilibriumModel(inputShape: [1, 4], blocks: [block(padding, name)], output: 0)
      let report = EquivalenceChecker().check(network, against: model)
      #expect(report.verdict == .proved)
      let expected: GradientVerdict = name == nil ? .nothingShared : isProved ? .proved : .differs
      #expect(report.parameters == expected, "\(padding), \(name ?? "none"): \(report.proof)")
    }
  }

  private static func table(_ title: String, _ rows: [String: Row]) -> String {
    func cell(_ text: String, _ width: Int = 9) -> String {
      String(repeating: " ", count: max(1, width - text.count)) + text
    }
    var lines = [
      title + cell("planted", 40 - title.count) + cell("no proof") + cell("harmless") + cell("located")
        + cell("refuted")
        + cell("agrees") + cell("undecided", 11) + cell("proved")
    ]
    for (name, row) in rows.sorted(by: { $0.key < $1.key }) {
      lines.append(
        name + cell("\(row.planted)", 40 - name.count) + cell("\(row.refused)") + cell("\(row.harmless)")
          + cell("\(row.located)")
          + cell("\(row.verdicts[.refuted] ?? 0)") + cell("\(row.verdicts[.agrees] ?? 0)")
          + cell("\(row.verdicts[.undecided] ?? 0)", 11) + cell("\(row.verdicts[.proved] ?? 0)"))
    }
    return lines.joined(separator: "\n")
  }
}

extension GraphMutationTests.Row {
  fileprivate mutating func add(_ other: Self) {
    planted += other.planted
    refused += other.refused
    harmless += other.harmless
    located += other.located
    verdicts.merge(other.verdicts, uniquingKeysWith: +)
  }
}
