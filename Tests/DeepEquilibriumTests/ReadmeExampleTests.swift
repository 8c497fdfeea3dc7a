import DeepEquilibrium
import Foundation
import Testing

/// The README's Swift example, and that the README still says it.
@Suite("README")
struct ReadmeExampleTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  @Test("The example compiles, runs, and proves")
  func example() throws {
    let network = try Network(input: [1, 8, 8], seed: 1) {
      ConvolutionLayer(channels: 4, kernelSize: 3, padding: 1, activation: ReLU())
      try MaxPooling(kernelSize: 2)
      DenseLayer(outputs: 10)
    }
    let model = EquilibriumModel(converting: network)
    let x = Matrix<Double>(rows: 2, columns: 64, repeating: 0.5)
    let equilibrium = try model.equilibrium(x, by: .whole(Picard()))
    let point = model.linearization(at: equilibrium.state, input: x)
    let cotangent = Matrix<Double>(rows: 2, columns: 10, repeating: 1)
    let adjoint = model.adjoint(at: point, cotangent: cotangent, by: .whole(Picard()))
    let gradients = model.gradients(at: point, adjoint: adjoint)
    let report = EquivalenceChecker().check(network, against: model)
    #expect(report.verdict == .proved)
    #expect(equilibrium.output == network.forward(x, solvingBy: .structured(Newton())).output)
    #expect(gradients.input.rows == 2)
  }

  @Test("Every line of the example stands in this test")
  func sameLines() throws {
    let readme = try String(contentsOfFile: "\(Self.root)/README.md", encoding: .utf8)
    let test = try String(contentsOfFile: #filePath, encoding: .utf8)
    let example = try #require(readme.components(separatedBy: "```swift\n").dropFirst().first)
    let lines = example.components(separatedBy: "```")[0].split(separator: "\n")
    #expect(lines.count == 15)
    for line in lines where !line.hasPrefix("print") {
      #expect(test.contains("    \(line)\n") || line == "import DeepEquilibrium", "\(line)")
    }
  }
}
