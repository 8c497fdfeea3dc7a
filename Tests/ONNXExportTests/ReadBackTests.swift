import Conversion
import Equilibria
import Equivalence
import FileAccess
import Foundation
import LinearAlgebra
import ModelFiles
import Networks
import ONNXExport
import ONNXSchema
import Operators
import RandomNetworks
import TestSupport
import Testing

/// What is exported, read again by the same library: the equations of the file, number by number.
@Suite("Exported models read again")
struct ReadBackTests {
  /// Every equilibrium model under Fixtures, by the name of its file.
  private static let fixtures: [String] = {
    let folder = packageFolder.appending(path: "Fixtures")
    return FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)!.allObjects
      .compactMap { $0 as? URL }.filter { $0.lastPathComponent.hasSuffix(".deq.json") }
      .map { String($0.path().dropFirst(folder.path().count)) }.sorted()
  }()

  /// Those that are read in other words: a hard tanh as a clamp, a clamp as relu6, a pooling with all its defaults spelled
  /// out, a map that is written as two operators as a block more.
  private static let inOtherWords = [
    "/activations/hard_tanh/", "/depthwise/", "/residual-block/", "/signals/", "/onnx-mobilenet/",
    "/transformer-block/",
  ]

  private static let contents: [ONNXExport.Content] = [.equilibrium(iterations: 100), .transition]

  @Test(
    "Every fixture, exported in both ways and precisions, is the model that the file holds",
    arguments: fixtures)
  func fixture(_ name: String) throws {
    let model = try ModelFile.readEquilibrium(packageFolder.appending(path: "Fixtures/\(name)").path())
    let isInOtherWords = Self.inOtherWords.contains { name.hasPrefix($0) }
    for content in Self.contents {
      for precision in campaign(Precision.allCases) {
        let found = try readBack(ONNXExport(model, as: content, precision: precision))
        let expected = precision.rounded(model)
        #expect(found.inputShape == model.inputShape && found.outputShape == model.outputShape)
        #expect(found.blocks.prefix(model.blocks.count).map(\.name) == model.blocks.map(\.name))
        #expect(labels(of: found).symmetricDifference(labels(of: model)) == [], "\(content) \(precision)")
        var checker = EquivalenceChecker()
        checker.samples = isInOtherWords ? 2 : 0
        let result = checker.check(.equilibrium(expected), against: .equilibrium(found))
        #expect(result.isAccepted, "\(content) \(precision): \(result.verdict)")
        #expect(result.isFaultless || isInOtherWords, "\(content) \(precision): \(result.proof.function)")
      }
    }
  }

  private func readBack(_ export: ONNXExport) throws -> EquilibriumModel<Double> {
    let sink = MemorySink(named: "m.onnx")
    try export.write(to: sink)
    return try read(sink.bytes)
  }

  private func read(_ bytes: [UInt8]) throws -> EquilibriumModel<Double> {
    guard case .equilibrium(let model) = try ModelFile.read(FileContents(bytes, named: "m.onnx")) else {
      throw FileError(.badData, file: "m.onnx", "expected an equilibrium model")
    }
    return model
  }

  /// The parameters of a model with their shapes.
  private func labels(of model: EquilibriumModel<Double>) -> Set<String> {
    var labels: Set<String> = []
    for block in model.blocks {
      for term in block.terms {
        if let name = term.parameter { labels.insert("\(name) \(term.map.parameterShape ?? [])") }
      }
      for offset in block.offsets {
        if let name = offset.parameter { labels.insert("\(name) \(offset.tensor.shape)") }
      }
    }
    return labels
  }

  @Test("Random networks of explicit and implicit layers have the output of the model that the file holds")
  func randomNetworks() throws {
    for seed in 0..<16 as Range<UInt64> {
      let model = EquilibriumModel(converting: NetworkGenerator().network(seed: seed))
      var generator = SeededGenerator(seed: seed)
      let x = Matrix<Double>(
        rows: 2, columns: model.inputSize,
        elements: (0..<2 * model.inputSize).map { _ in generator.normal() })
      for content in Self.contents {
        let precision = Precision.allCases[Int(seed % 2)]
        let found = try readBack(ONNXExport(model, as: content, precision: precision))
        let expected = precision.rounded(model)
        guard let y = try? expected.equilibrium(x, by: .structured(GroupSolver())).output.elements else {
          continue
        }
        let read = try found.equilibrium(x, by: .structured(GroupSolver())).output.elements
        let scale = y.map { abs($0) }.max()! + 1
        let worst = zip(y, read).map { abs($0 - $1) }.max()!
        #expect(worst <= 1e-9 * scale, "\(seed) \(content) \(precision): \(worst)")
      }
    }
  }
}
