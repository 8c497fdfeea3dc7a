import Equilibria
import Equivalence
import Foundation
import LinearAlgebra
import ModelFiles
import Networks
import ONNXSchema
import Operators
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

  private static let contents: [ONNXExport.Content] = [.equilibrium(iterations: 100), .transition]

  @Test("Every fixture, exported in both ways", arguments: fixtures)
  func fixture(_ name: String) throws {
    let model = try ModelFile.readEquilibrium(packageFolder.appending(path: "Fixtures/\(name)").path())
    for content in Self.contents {
      for precision in ONNXExport.Precision.allCases {
        let export = try ONNXExport(model, as: content, precision: precision)
        let sink = MemorySink(named: "m.onnx")
        try export.write(to: sink)
        let read = try ModelFile.read(FileContents(sink.bytes, named: "m.onnx"))
        guard case .equilibrium(let found) = read else {
          Issue.record("a network")
          continue
        }
        var checker = EquivalenceChecker()
        checker.samples = 0
        let result = checker.check(try Network(model), against: found)
        print(name, content, precision, result.proof, found.blocks.count - model.blocks.count)
      }
    }
  }
}
