import Conversion
import Equilibria
import Equivalence
import FixedPoints
import Foundation
import LinearAlgebra
import ModelFiles
import Networks
import ONNXImport
import Testing

/// Networks of many families as PyTorch exports them, with what PyTorch computes of the files in double precision:
/// written by `Tests/Oracles/onnx_models.py`; nil without Python, PyTorch and onnx.
private let folder: String? = {
  if let ready = ProcessInfo.processInfo.environment["DEQ_EXPORTED_MODELS"] { return ready }
  let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Oracles/onnx_models.py").path
  let folder = FileManager.default.temporaryDirectory.appending(path: "onnx-models-\(getpid())").path
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = ["python3", script, folder] + models
  process.standardOutput = FileHandle.nullDevice
  process.standardError = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return nil }
  process.waitUntilExit()
  return process.terminationStatus == 0 ? folder : nil
}()

/// Of the script's models those that differ in what they ask of the reader. `DEQ_EXPORTED_MODELS`, a folder that the script
/// has filled, has all that are there tested.
private let models = [
  "resnet_classic_unfolded", "resnet_dynamo", "mobilenet_classic", "mobilenet_dynamo_batch4",
  "densenet_classic",
  "transformer_postnorm_classic", "transformer_postnorm_dynamo_initialised", "transformer_prenorm_dynamo",
  "vision_transformer_dynamo", "attention_classic_batch1", "attention_causal_dynamo", "gated_mlp_classic",
  "gated_mlp_dynamo_vector", "unet_classic_opset9", "unet_dynamo", "signals_classic", "pooling_dynamo",
  "pooling_ceiling_classic", "shapes_classic", "prelu_dynamo", "mlp_classic_opset7", "mlp_classic_constants",
  "mlp_classic_typed_data", "mlp_dynamo_bfloat16", "unet_classic_float16", "resnet_classic_external",
  "activation_hardshrink_classic", "activation_threshold_dynamo",
]

/// Numbers nested to any depth, or of a large tensor its shape, sums and first elements.
private enum Gradient: Decodable {
  case numbers([Double])
  case summary(Summary)

  struct Summary: Decodable {
    let shape: [Int]
    let sum, l2: Double
    let first: [Double]
  }

  struct Nested: Decodable {
    let flat: [Double]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        flat = [number]
      } else {
        flat = try container.decode([Nested].self).flatMap(\.flat)
      }
    }
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let summary = try? container.decode(Summary.self) {
      self = .summary(summary)
    } else {
      self = .numbers(try container.decode(Nested.self).flat)
    }
  }
}

private struct Expected: Decodable {
  let input, cotangent, output: [[Double]]
  let gradients: [String: Gradient]
}

@Suite(
  "Networks that PyTorch exports",
  .enabled("Python lacks torch, onnxscript, onnxruntime or onnx") { folder != nil })
struct ExportedModelTests {
  /// The largest difference, relative to the largest magnitude of what is expected.
  private func distance(_ found: [Double], _ expected: [Double], scale: Double? = nil) -> Double {
    guard found.count == expected.count else { return .infinity }
    let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    // What is 0 in exact arithmetic has no scale of its own; the models' other numbers are about 1.
    return worst / max(scale ?? expected.map { abs($0) }.max()!, 1e-5)
  }

  private func distance(_ found: Tensor<Double>, _ summary: Gradient.Summary) -> Double {
    guard found.shape == summary.shape else { return .infinity }
    let l2 = found.elements.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let sum = found.elements.reduce(0, +)
    return max(
      distance([l2], [summary.l2]),
      distance([sum], [summary.sum], scale: summary.l2 * Double(found.count).squareRoot()),
      distance(Array(found.elements.prefix(summary.first.count)), summary.first, scale: summary.l2))
  }

  /// What is wrong with one model; empty where nothing is.
  private func faults(of name: String, in folder: String) throws -> [String] {
    let network = try importedGraph(at: "\(folder)/\(name).onnx").network
    let expected = try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: URL(filePath: "\(folder)/\(name).expected.json")))
    var faults: [String] = []
    func check(_ quantity: String, _ distance: Double) {
      if !(distance <= 1e-10) { faults.append("\(name): \(quantity) differs by \(distance) of scale") }
    }
    let method = SolutionMethod.structured(Newton())
    let pass = network.forward(Matrix(expected.input), solvingBy: method)
    check("output", distance(pass.output.elements, expected.output.flatMap { $0 }))
    let back = network.backpropagate(Matrix(expected.cotangent), through: pass, solvingBy: method)
    let (gradients, parameters) = (back.gradients, network.parameters)
    for (name, gradient) in expected.gradients {
      switch gradient {
      case .numbers(let numbers) where name == "input":
        check(name, distance(gradients.input.elements, numbers))
      case .numbers(let numbers):
        // Bounds and the like are single numbers, and constants here.
        guard let found = gradients.parameters[name] else {
          if numbers.count > 1 { faults.append("no gradient of \(name)") }
          continue
        }
        check(name, distance(found.elements, numbers))
      case .summary(let summary):
        check(name, gradients.parameters[name].map { distance($0, summary) } ?? .infinity)
      }
    }
    for name in parameters.names where expected.gradients[name] == nil && parameters[name]!.count > 1 {
      faults.append("a gradient of \(name), which PyTorch has not")
    }
    var checker = EquivalenceChecker()
    checker.samples = 4
    let model = EquilibriumModel(converting: network)
    let report = checker.check(network, against: model)
    if report.verdict != .proved { faults.append("\(name): \(report.verdict)") }
    return faults
  }

  @Test("Each is imported and proved; outputs and gradients equal PyTorch's to 1e-10 of scale")
  func all() throws {
    let folder = try #require(folder)
    let isGiven = ProcessInfo.processInfo.environment["DEQ_EXPORTED_MODELS"] != nil
    defer { if !isGiven { try? FileManager.default.removeItem(atPath: folder) } }
    let names =
      isGiven
      ? try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".onnx") }
        .map { String($0.dropLast(5)) }.sorted() : models
    for name in names {
      do {
        for fault in try faults(of: name, in: folder) { Issue.record("\(fault)") }
      } catch {
        Issue.record("\(name): \(error)")
      }
    }
    print("EXPORTED \(names.count) models")
  }
}
