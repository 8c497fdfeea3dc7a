import Blocks
import Conversion
import Equilibria
import Equivalence
import FixedPoints
import Foundation
import LinearAlgebra
import ModelFiles
import Networks
import ONNXImport
import Operators
import TestSupport
import Testing

/// Outputs and gradients against those that PyTorch computed.
@Suite("PyTorch's results")
struct ExpectedResultsTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The folders under Fixtures that hold an expected.json.
  static let fixtures: [String] = {
    let folder = root.appending(path: "Fixtures")
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.allObjects ?? []
    return files.compactMap { $0 as? URL }.filter { $0.lastPathComponent == "expected.json" }
      .map { $0.deletingLastPathComponent().path().dropFirst(folder.path().count) }
      .map { $0.trimmingCharacters(in: ["/"]) }.sorted()
  }()

  /// What an expected.json holds; read with Foundation, not with the product.
  private struct Expected: Decodable {
    /// Numbers nested to any depth, as a parameter's shape has it.
    struct Numbers: Decodable {
      let flat: [Double]

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Double.self) {
          flat = [number]
        } else {
          flat = try container.decode([Numbers].self).flatMap(\.flat)
        }
      }
    }
    let input: [[Double]]
    let cotangent: [[Double]]
    let output: [[Double]]
    let gradients: [String: Numbers]

    init(_ url: URL) throws {
      self = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: url))
    }
  }

  /// The largest difference relative to the largest magnitude of what is expected.
  private static func relative(_ found: [Double], _ expected: [Double]) -> Double {
    let difference = distance(found, expected)
    return difference == 0 ? 0 : difference / magnitude(expected)
  }

  /// Compares both sides with what is expected, and returns the worst relative difference of each path.
  private static func compare(
    _ network: Network<Double>, _ expected: Expected, methods: [SolutionMethod]
  ) -> [String: (worst: Double, quantity: String)] {
    let x = Matrix(expected.input)
    let cotangent = Matrix(expected.cotangent)
    var worst: [String: (worst: Double, quantity: String)] = [:]
    func note(_ path: String, _ output: Matrix<Double>, _ gradients: Gradients<Double>) {
      var all = [("output", relative(output.elements, expected.output.flatMap { $0 }))]
      for (name, numbers) in expected.gradients {
        let found = name == "input" ? gradients.input.elements : gradients.parameters[name]?.elements ?? []
        all.append((name, relative(found, numbers.flat)))
      }
      let largest = all.max { $0.1 < $1.1 }!
      worst[path] = (largest.1, largest.0)
    }
    let newton = SolutionMethod.structured(Refined(Newton()))
    let pass = network.forward(x, solvingBy: newton)
    note("network", pass.output, network.backpropagate(cotangent, through: pass, solvingBy: newton).gradients)
    let model = EquilibriumModel(converting: network)
    // Not from zeros, where a quotient's first value would be 0 / 0.
    var generator = SeededGenerator(seed: 1)
    let start = model.unflatten(
      Matrix(
        rows: x.rows, columns: model.stateSize,
        elements: (0..<x.rows * model.stateSize).map { _ in generator.uniform() + 0.5 }))
    for method in methods {
      let solution = model.solve(x, by: method, from: start)
      let point = model.linearization(at: solution.state, input: x)
      let adjoint = model.adjoint(at: point, cotangent: cotangent, by: method)
      #expect(solution.failure == nil && adjoint.failure == nil, "\(method.description)")
      note(method.description, solution.output, model.gradients(at: point, adjoint: adjoint))
    }
    return worst
  }

  private static let methods: [SolutionMethod] = [
    .structured(Refined(Anderson())), .whole(Picard()), .whole(Refined(Picard())),
    .whole(Refined(Anderson())),
    .whole(Refined(Broyden())), .whole(Refined(Newton())),
  ]

  private static func network(_ folder: URL) throws -> Network<Double> {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path())
      .filter {
        $0.hasSuffix(".onnx") || $0.hasSuffix(".json") && !$0.hasSuffix(".deq.json") && $0 != "expected.json"
      }.sorted()
    return try Network(stacking: names.map { try ModelFile.readNetwork(folder.appending(path: $0).path()) })
  }

  @Test(
    "Both sides of every fixture equal PyTorch's results to 1e-12, with every solver", arguments: fixtures)
  func fixture(_ name: String) throws {
    let folder = Self.root.appending(path: "Fixtures/\(name)")
    let network = try Self.network(folder)
    let expected = try Expected(folder.appending(path: "expected.json"))
    let worst = Self.compare(network, expected, methods: Self.methods)
    for (path, entry) in worst {
      #expect(entry.worst <= 1e-12, "\(name), \(path): \(entry.quantity) differs by \(entry.worst)")
    }
    let largest = worst.max { $0.value.worst < $1.value.worst }!
    print("\(name): worst \(largest.value.worst) (\(largest.value.quantity), \(largest.key))")
    // Every parameter that the fixture knows is one that the network has.
    #expect(Set(expected.gradients.keys) == Set(network.parameters.names + ["input"]))
    // The check of the fixture comes to the same, against the conversion and against the model that lies beside it.
    var checker = EquivalenceChecker()
    checker.samples = 4
    #expect(checker.check(network, against: EquilibriumModel(converting: network)).isFaultless)
    for stem in ["mlp", "network"] {
      let file = folder.appending(path: "\(stem).deq.json").path()
      guard FileManager.default.fileExists(atPath: file) else { continue }
      #expect(checker.check(network, against: try ModelFile.readEquilibrium(file)).isFaultless)
    }
  }

  @Test("There are fixtures")
  func fixturesAreThere() {
    #expect(Self.fixtures.count >= 30, "\(Self.fixtures)")
  }

  @Test("The theorem's worked example is exact on both sides")
  func workedExample() throws {
    let folder = Self.root.appending(path: "Fixtures/theorem")
    let expected = try Expected(folder.appending(path: "expected.json"))
    let worst = Self.compare(
      try Self.network(folder), expected, methods: [.structured(Picard()), .whole(Picard())])
    for (path, entry) in worst { #expect(entry.worst == 0, "\(path): \(entry)") }
  }

  @Test(
    "Published networks are converted, proved, and equal PyTorch's results to 1e-12 on both sides",
    .enabled(if: RealNetworks.areAvailable, "\(RealNetworks.reason)"),
    arguments: ["acasxu_1_1", "mnist_256x2"])
  func realNetwork(_ name: String) throws {
    let network = try ModelFile.readNetwork(RealNetworks.path("\(name).json"))
    let model = EquilibriumModel(converting: network)
    #expect(model.nilpotencyIndex == network.layers.count)
    let expected = try Expected(URL(filePath: RealNetworks.path("\(name).expected.json")))
    let worst = Self.compare(network, expected, methods: [.structured(Picard()), .whole(Picard())])
    for (path, entry) in worst {
      #expect(entry.worst <= 1e-12, "\(name), \(path): \(entry.quantity) differs by \(entry.worst)")
    }
    let largest = worst.max { $0.value.worst < $1.value.worst }!
    print("\(name): worst \(largest.value.worst) (\(largest.value.quantity), \(largest.key))")
    var checker = EquivalenceChecker()
    checker.samples = 3
    #expect(checker.check(network, against: model).verdict == .proved)
  }
}
