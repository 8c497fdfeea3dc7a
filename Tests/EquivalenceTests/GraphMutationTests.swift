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

  @Test("No planted fault is proved, each is refused a proof where it is, in block form and in matrix form")
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
          samples: number % 29 == 0 ? 5 : 0, "seed \(seed)\(isMatrix ? ", matrix" : ""): \(fault)", &row)
        kinds[kind.rawValue, default: Row()].add(row)
        if let subject = fault.subject { subjects[subject, default: Row()].add(row) }
      }
    }
    print(Self.table("fault", kinds) + "\n" + Self.table("operator", subjects))
    for kind in Fault.Kind.allCases {
      #expect((kinds[kind.rawValue]?.planted ?? 0) > 0, "\(kind.rawValue) was never planted")
    }
  }

  private func judge(
    _ model: EquilibriumModel<Double>, _ fault: Fault, _ network: Network<Double>, isExact: Bool, samples: Int,
    _ label: String, _ row: inout Row
  ) {
    var checker = EquivalenceChecker()
    checker.samples = samples
    let report = checker.check(network, against: model)
    row.planted += 1
    if samples > 0 { row.verdicts[report.verdict, default: 0] += 1 }
    #expect(report.verdict != .proved, "\(label)")
    guard case .refused(let difference) = report.proof else {
      Issue.record("\(label): proved")
      return
    }
    row.refused += 1
    if difference.place == fault.place, difference.row == fault.row, difference.column == fault.column {
      row.located += 1
    } else if isExact, fault.row != nil {
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
          guard let rewriting = Rewriting.made(in: model, kind: kind, using: &numbers) else { continue }
          (model, place) = (rewriting.model, rewriting.place)
        }
        let isMatrix = number % 3 == 1 && model.hasExactMatrices
        if number % 3 > 0, let written = try? model.rewritten(as: isMatrix ? .matrix : .blocks) { model = written }
        var checker = EquivalenceChecker()
        checker.samples = number % 5 == 0 ? 5 : 0
        let report = checker.check(network, against: model)
        made[kind?.rawValue ?? "as converted", default: Row()].planted += 1
        #expect(
          report.verdict == .proved,
          "seed \(5_000 + seed)\(isMatrix ? ", matrix" : ""), \(kind?.rawValue ?? "") at \(place): \(report.proof), \(report.verdict), \(report.notes)"
        )
      }
    }
    print(made.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.planted)" }.joined(separator: ", "))
    for kind in Rewriting.Kind.allCases {
      #expect((made[kind.rawValue]?.planted ?? 0) > 0, "\(kind.rawValue) was never made")
    }
  }

  private static func table(_ title: String, _ rows: [String: Row]) -> String {
    func cell(_ text: String, _ width: Int = 9) -> String {
      String(repeating: " ", count: max(1, width - text.count)) + text
    }
    var lines = [
      title + cell("planted", 40 - title.count) + cell("no proof") + cell("located") + cell("refuted")
        + cell("agrees") + cell("undecided", 11) + cell("proved")
    ]
    for (name, row) in rows.sorted(by: { $0.key < $1.key }) {
      lines.append(
        name + cell("\(row.planted)", 40 - name.count) + cell("\(row.refused)") + cell("\(row.located)")
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
    located += other.located
    verdicts.merge(other.verdicts, uniquingKeysWith: +)
  }
}
