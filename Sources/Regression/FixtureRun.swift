import Conversion
import Equilibria
import Equivalence
import FileAccess
import ModelFiles
import ModelJSON
import Networks

/// The result of a fixture.
package struct FixtureResult {
  /// Its folder.
  package let name: String
  /// The fault in one line; nil if there is none.
  package internal(set) var fault: String?
  /// The largest difference from the expected values, relative to the scale of each quantity.
  package internal(set) var worst: Double?
  /// Whether the recorded model was rewritten.
  package internal(set) var isRecorded = false
}

/// One fixture: a network, its recorded equilibrium model, and the outputs and gradients that both must
/// have.
package struct FixtureRun {
  /// The largest allowed difference from an expected value, relative to the scale of its quantity.
  package static let tolerance = 1e-12

  private let folder: FixtureFolder
  private let checker: EquivalenceChecker

  /// The fixture in this folder, whose models are solved and judged with the checker's settings.
  package init(folder: String, judgedBy checker: EquivalenceChecker = EquivalenceChecker()) {
    self.folder = FixtureFolder(path: folder)
    self.checker = checker
  }

  /// Converts the network again, and compares the bytes with the recorded model and the numbers with the
  /// expected ones.
  ///
  /// A file of the fixture that cannot be read is a fault of the fixture.
  ///
  /// - Parameter record: Replaces a recorded model that differs; nil if a difference is a fault.
  /// - Throws: `FileError` for a failure of the machine, not of the fixture, and what `record` throws.
  package func result(
    recording record: ((_ model: [UInt8], _ target: String) throws -> Void)? = nil
  ) throws -> FixtureResult {
    do {
      return try readableResult(recording: record)
    } catch let error as FileError where error.kind == .badData || error.kind == .noInput {
      return FixtureResult(name: folder.path, fault: error.description)
    }
  }

  private func readableResult(
    recording record: ((_ model: [UInt8], _ target: String) throws -> Void)?
  ) throws -> FixtureResult {
    var result = FixtureResult(name: folder.path)
    let network = try folder.network()
    let target = try folder.recordedModel
    let sink = MemorySink(named: target)
    try ModelFile.equilibrium(EquilibriumModel(converting: network)).write(to: sink)
    guard case .equilibrium(let model) = try ModelFile.read(FileContents(sink.bytes, named: target)) else {
      preconditionFailure("an equilibrium model that reads back as a network")
    }
    let report = checker.check(network, against: model)
    guard report.isFaultless else {
      result.fault = "\(report.verdict.rawValue)" + (report.fault.map { ": \($0)" } ?? "")
      return result
    }
    if let difference = try difference(of: sink.bytes, from: target) {
      guard let record else {
        result.fault = difference
        return result
      }
      try record(sink.bytes, target)
      result.isRecorded = true
    }
    let expected = try ExpectedResults.read(FileContents(reading: folder.expectedResults))
    result.fault = compare(network, model, with: expected, &result)
    return result
  }

  /// The difference between a conversion and the recorded one in one line; nil if all bytes are the same.
  private func difference(of bytes: [UInt8], from target: String) throws -> String? {
    guard FixtureFolder.exists(target) else {
      return "\(target): not recorded; deq fixtures --record writes it"
    }
    // No input: what is recorded anew does not depend on it.
    let recorded = try FileContents(reading: target, isInput: false).bytes
    if recorded == bytes { return nil }
    let place =
      zip(recorded, bytes).enumerated().first { $1.0 != $1.1 }?.offset ?? min(recorded.count, bytes.count)
    return "\(target): byte \(place) differs from the conversion"
  }

  /// Compares both models with the expected values.
  private func compare(
    _ network: Network<Double>, _ model: EquilibriumModel<Double>, with expected: ExpectedResults,
    _ result: inout FixtureResult
  ) -> String? {
    let (method, rule) = (checker.solving.method, checker.solving.rule(of: Double.self))
    let x = expected.samples.input
    guard x.columns == network.inputSize else {
      return "expected.json: input: expected rows of \(network.inputSize) numbers, found \(x.columns)"
    }
    let pass = network.forward(x, solvingBy: method, until: rule)
    let solution = model.solve(x, by: method, until: rule)
    if let failure = pass.failure ?? solution.failure { return "\(failure)" }
    var comparison = FixtureComparison(tolerance: Self.tolerance)
    comparison.compare("output", expected.results.output, network: pass.output, model: solution.output)
    if let cotangent = expected.samples.cotangent, let gradients = expected.results.gradients {
      guard cotangent.columns == network.outputSize else {
        return
          "expected.json: cotangent: expected rows of \(network.outputSize) numbers, found \(cotangent.columns)"
      }
      let back = network.backpropagate(cotangent, through: pass, solvingBy: method, until: rule)
      let point = model.linearization(at: solution)
      let adjoint = model.adjoint(at: point, cotangent: cotangent, by: method, until: rule)
      if let failure = back.failure ?? adjoint.failure { return "adjoint: \(failure)" }
      comparison.compare(
        gradients, network: back.gradients, model: model.gradients(at: point, adjoint: adjoint))
    }
    result.worst = comparison.worst
    return comparison.fault
  }
}
