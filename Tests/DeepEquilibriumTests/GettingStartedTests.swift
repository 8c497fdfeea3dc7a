import DeepEquilibrium
import Foundation
import Testing

/// The Swift of the page "Getting started", and that the page still says it.
@Suite("Getting started")
struct GettingStartedTests {
  /// Files of the page are those of a fixture, wherever the tests run.
  private enum ModelFile {
    static func readNetwork(_ name: String) throws -> Network<Double> {
      #expect(name == "mlp.onnx")
      return try DeepEquilibrium.ModelFile.readNetwork(
        "\(ReadmeExampleTests.root)/Fixtures/onnx-gated-mlp/network.onnx")
    }
  }

  @Test("A network that is read and converted is proved")
  func converted() throws {
    let network = try ModelFile.readNetwork("mlp.onnx")
    let model = EquilibriumModel(converting: network)
    let report = EquivalenceChecker().check(network, against: model)
    #expect(report.verdict == .proved)
  }

  @Test("A network written in Swift has the layers that the page says")
  func written() throws {
    let network = try Network(input: [3, 32, 32], seed: 7) {
      ConvolutionLayer(channels: 8, kernelSize: 3, padding: 1, activation: ReLU())
      ResidualLayer(activation: ReLU()) {
        ConvolutionLayer(channels: 8, kernelSize: 3, padding: 1, activation: ReLU())
        ConvolutionLayer(channels: 8, kernelSize: 3, padding: 1)
      }
      MapLayer { try Mean(inputShape: $0, dim: [1, 2]) }
      DenseLayer(outputs: 10)
      LogSoftmax()
    }
    #expect(
      network.layers.map(\.shape) == [
        [8, 32, 32], [8, 32, 32], [8, 32, 32], [8, 32, 32], [8], [10], [10],
      ])
    #expect(EquilibriumModel(converting: network).blocks.count == 7)
    let x = Matrix<Double>(rows: 1, columns: 3 * 32 * 32, repeating: 0.5)
    let output = network.forward(x, solvingBy: .structured(Newton())).output
    // What is after a softmax's logarithm sums to 1.
    #expect(abs(output.elements.reduce(0) { $0 + Double.exp($1) } - 1) < 1e-12)
  }

  @Test("Every line of the page's Swift stands in this test")
  func sameLines() throws {
    let page = try String(
      contentsOfFile:
        "\(ReadmeExampleTests.root)/Sources/DeepEquilibrium/DeepEquilibrium.docc/GettingStarted.md",
      encoding: .utf8)
    let test = try String(contentsOfFile: #filePath, encoding: .utf8)
    let examples = page.components(separatedBy: "```swift\n").dropFirst()
    #expect(examples.count == 2)
    for example in examples {
      let lines = example.components(separatedBy: "```")[0].split(separator: "\n")
      #expect(lines.count == (example.contains("Network(input") ? 10 : 5))
      for line in lines where !line.hasPrefix("print") {
        #expect(test.contains("    \(line)\n") || line == "import DeepEquilibrium", "\(line)")
      }
    }
  }
}
