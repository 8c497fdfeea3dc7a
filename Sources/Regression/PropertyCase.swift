import Conversion
import Equilibria
import Equivalence
import FileAccess
import ModelFiles
import Networks

/// One random network, and the property that it must have.
struct PropertyCase {
  let network: Network<Double>
  let seed: UInt64
  let checker: EquivalenceChecker

  init(_ network: Network<Double>, seed: UInt64, judgedBy checker: EquivalenceChecker) {
    self.network = network
    self.seed = seed
    self.checker = checker
  }

  /// What is wrong, or nil.
  func fault(_ summary: inout PropertySummary) throws -> String? {
    summary.add(network)
    guard case .network(let again) = try reread(.network(network)) else {
      return "the network reads back as another format"
    }
    let model = EquilibriumModel(converting: network)
    for form in [ModelForm.blocks, .matrix] {
      guard case .equilibrium(let written) = try reread(.equilibrium(model), as: form) else {
        return "the model reads back as another format"
      }
      var checker = checker
      checker.seed = seed
      // The matrix form is the same model: its proof is new, its numbers need fewer samples.
      checker.samples = form == .blocks ? 8 : 3
      let report = checker.check(again, against: written)
      summary.add(report)
      if form == .matrix, !model.hasExactMatrices {
        summary.rounded += 1
        if report.isAccepted { continue }
      }
      if !report.isFaultless { return fault(of: report, form) }
    }
    guard network.isIdentical(to: again) else { return "the network reads back changed" }
    return nil
  }

  private func fault(of report: EquivalenceReport, _ form: ModelForm) -> String {
    let form = form == .matrix ? "matrix form" : "block form"
    return "\(form) \(report.verdict.rawValue)" + (report.fault.map { ": \($0)" } ?? "")
  }

  private func reread(_ model: ModelFile, as form: ModelForm? = nil) throws -> ModelFile {
    let sink = MemorySink(named: "random network")
    try model.write(as: form, to: sink)
    return try ModelFile.read(FileContents(sink.bytes, named: "random network"))
  }
}
