import Blocks
import Equilibria
import FileAccess
import Foundation
import LinearAlgebra
import ModelFiles
import ONNXExport
import TestSupport
import Testing

/// Transitions in ONNX, made modules of PyTorch by onnx2torch, whose authors know nothing of this project.
@Suite(
  "ONNX read by onnx2torch",
  .enabled(if: ModulesOfTorch.isAvailable, "Python lacks onnx2torch, onnx or torch"))
struct ModulesOfTorchTests {
  /// The equilibrium models under Fixtures, but for those of activations: they hit kinks exactly, where PyTorch's clamp,
  /// which stands for ONNX's Clip, has another derivative than its own relu6 and hardtanh.
  private static func fixtures() throws -> [ModulesOfTorch.Sample] {
    let folder = packageFolder.appending(path: "Fixtures")
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)!.allObjects
      .compactMap { $0 as? URL }.filter {
        $0.lastPathComponent.hasSuffix(".deq.json") && !$0.path().contains("/activations/")
      }
    return try files.map { $0.path() }.sorted().enumerated().map { index, path in
      ModulesOfTorch.Sample(
        String(path.dropFirst(folder.path().count)), try ModelFile.readEquilibrium(path), seed: UInt64(index))
    }
  }

  /// Compares what onnx2torch makes of each sample with this library, and lists what it has no converter for.
  ///
  /// - Returns: The operators of ONNX that it refuses, by the name of the sample.
  private func compare(_ samples: [ModulesOfTorch.Sample]) throws -> [String: String] {
    let results = try ModulesOfTorch.run(samples)
    var refused: [String: String] = [:]
    for (sample, result) in zip(samples, results) {
      if let reason = result.refused {
        refused[sample.name] = reason
        continue
      }
      let method = SolutionMethod.structured(GroupSolver())
      let solution = try sample.model.equilibrium(sample.x, by: method)
      let gradients = sample.model.backpropagate(sample.cotangent, through: solution, by: method).gradients
      expectClose(result.output, solution.output.elements, "\(sample.name): output")
      expectClose(result.input, gradients.input.elements, "\(sample.name): gradient of x")
      // Constants that are no parameters of the file, such as an epsilon, have the names of their places here.
      let names = Set(gradients.parameters.names)
      #expect(names.isSuperset(of: result.parameters.keys), "\(sample.name)")
      #expect(names.subtracting(result.parameters.keys).allSatisfy { $0.hasPrefix("b[") }, "\(sample.name)")
      for (name, found) in result.parameters {
        expectClose(found, gradients.parameters[name]?.elements ?? [], "\(sample.name): \(name)")
      }
    }
    return refused
  }

  private func expectClose(_ found: [Double], _ expected: [Double], _ what: String) {
    #expect(found.count == expected.count, "\(what)")
    let scale = max(1, expected.filter(\.isFinite).map { abs($0) }.max() ?? 0)
    let differences = zip(found, expected).map { $0 == $1 || $0.isNaN && $1.isNaN ? 0 : abs($0 - $1) }
    #expect(
      differences.allSatisfy { $0 <= 1e-10 * scale }, "\(what): \(differences.max() ?? 0), scale \(scale)")
  }

  @Test("Fixtures: the output and all gradients through the iterated transition are the library's")
  func models() throws {
    let samples = try Self.fixtures()
    let refused = try compare(samples)
    #expect(samples.count > 15)
    #expect(Set(refused.values) == [], "\(refused)")
  }

  @Test("Every operator: its value and its gradients, or a refusal by an operator that onnx2torch lacks")
  func operators() throws {
    // The examples hit kinks and ties exactly, where PyTorch's operators for those of ONNX choose other derivatives.
    var generator = SeededGenerator(seed: 1)
    let all = try OperatorExample.all.map { example in
      let x = example.input
      let elements = x.elements.map { $0 + 0.001 * generator.normal() }
      return ModulesOfTorch.Sample(
        "\(example)", try example.model(), x: Matrix(rows: x.rows, columns: x.columns, elements: elements),
        cotangent: example.cotangent)
    }
    // Averages over windows with gaps are in no operator of version 13.
    let samples = all.filter {
      (try? ONNXExport($0.model, as: .transition, precision: .float64, opset: 13)) != nil
    }
    #expect(samples.count > all.count - 5)
    let refused = try compare(samples)
    #expect(
      Set(refused.values) == [
        "Acosh", "Asinh", "Atanh", "Cosh", "Sinh",
        "ConvTranspose with non symmetrical padding is not implemented.",
      ], "\(refused)")
    #expect(refused.count < samples.count / 10)
  }

  @Test("The equilibrium itself, a Loop, is refused")
  func loop() throws {
    let sample = try #require(try Self.fixtures().first { $0.name.contains("digits/") })
    #expect(try ModulesOfTorch.run([sample], as: .equilibrium(iterations: 1)).map(\.refused) == ["Loop"])
  }
}
