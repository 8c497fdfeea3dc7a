import Conversion
import Equilibria
import Equivalence
import FixedPoints
import Foundation
import LinearAlgebra
import ModelFiles
import Networks
import ONNXImport
import TestSupport
import Testing

@Suite(
  "Real ONNX models",
  .enabled(if: RealNetworks.areAvailable, "\(RealNetworks.reason)"))
struct RealModelTests {
  /// What PyTorch's autograd returned; of an initializer's gradient its shape, sums and first elements.
  struct Expected: Decodable {
    struct Summary: Decodable {
      let shape: [Int]
      let sum, l2: Double
      let first: [Double]
    }

    enum Gradient: Decodable {
      case input([[Double]])
      case parameter(Summary)

      init(from decoder: any Decoder) throws {
        if let rows = try? decoder.singleValueContainer().decode([[Double]].self) {
          self = .input(rows)
        } else {
          self = .parameter(try decoder.singleValueContainer().decode(Summary.self))
        }
      }
    }

    let input, cotangent, output: [[Double]]
    let gradients: [String: Gradient]
  }

  static let models = [
    "ACASXU_run2a_2_9_batch_2000", "Convnet_maxpool", "cifar10_small", "cifar_base_kw",
    "ffnnSIGMOID__Point_6x200", "resnet_2b",
  ]

  private func expectClose(_ found: [Double], _ expected: [Double], scale: Double, _ what: String) {
    let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(
      found.count == expected.count && worst <= 1e-10 * max(scale, .leastNormalMagnitude),
      "\(what): \(worst) of \(scale)")
  }

  @Test("Outputs and gradients equal PyTorch's", arguments: models)
  func values(_ name: String) throws {
    let network = try importedGraph(at: RealNetworks.path("\(name).onnx")).network
    let expected = try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: URL(filePath: RealNetworks.path("\(name).expected.json"))))
    let method = SolutionMethod.structured(Newton())
    let pass = network.forward(Matrix(expected.input), solvingBy: method)
    let output = expected.output.flatMap { $0 }
    expectClose(pass.output.elements, output, scale: output.map { abs($0) }.max()!, "output")
    let gradients = network.backpropagate(Matrix(expected.cotangent), through: pass, solvingBy: method)
      .gradients
    for (name, gradient) in expected.gradients {
      switch gradient {
      case .input(let rows):
        let rows = rows.flatMap { $0 }
        expectClose(gradients.input.elements, rows, scale: rows.map { abs($0) }.max()!, name)
      case .parameter(let summary):
        let found = try #require(gradients.parameters[name], "\(name)")
        #expect(found.shape == summary.shape, "\(name)")
        let l2 = found.elements.reduce(0) { $0 + $1 * $1 }.squareRoot()
        expectClose([l2], [summary.l2], scale: summary.l2, "\(name): norm")
        expectClose(
          [found.elements.reduce(0, +)], [summary.sum], scale: summary.l2 * Double(found.count).squareRoot(),
          "\(name): sum")
        expectClose(Array(found.elements.prefix(8)), summary.first, scale: summary.l2, name)
      }
    }
  }

  @Test("The equilibrium model is proved equal", arguments: models)
  func proof(_ name: String) throws {
    let network = try importedGraph(at: RealNetworks.path("\(name).onnx")).network
    let report = EquivalenceChecker().check(network, against: EquilibriumModel(converting: network))
    #expect(report.verdict == .proved)
  }

  @Test("Affine nodes are absorbed: a block for each activation")
  func blocks() throws {
    func names(_ name: String) throws -> [String] {
      try importedGraph(at: RealNetworks.path("\(name).onnx")).network.layers.map(\.name)
    }
    #expect(try names("cifar_base_kw") == ["10", "12", "15", "16"])
    #expect(try names("resnet_2b") == ["18", "20", "24", "26", "29", "32", "33"])
    #expect(
      try names("ACASXU_run2a_2_9_batch_2000")
        == ["input_Sub"] + (1...6).map { "relu_\($0)" } + ["linear_7_Add"])
  }
}
