import FileAccess
import Equilibria
import FixedPoints
import Foundation
import LinearAlgebra
import Networks
import ONNXImport
import Testing

/// Operators with PyTorch's outputs and gradients in float64, written to a folder by `Tests/Oracles/onnx_gradients.py`;
/// nil without Python, PyTorch and onnx.
private let folder = oracleFolder(writtenBy: "onnx_gradients.py")

private struct Case: Decodable {
  let inputs, outputs, cotangents, gradients: [OracleTensor]
  let parameters: [String: OracleTensor]
  let faults: [String]
  /// Initializers that must not be parameters.
  let untrained: [String]
}

/// What differs between two lists of numbers beyond the rounding of float64; nil if nothing does.
private func difference(_ what: String, _ found: [Double], _ expected: [Double]) -> String? {
  guard found.count == expected.count else { return "\(what): \(found.count) numbers for \(expected.count)" }
  let size = expected.map(abs).max() ?? 0
  for (index, (found, expected)) in zip(found, expected).enumerated()
  where !(abs(found - expected) <= 1e-11 * (1 + size)) {
    return "\(what)[\(index)]: \(found) for \(expected)"
  }
  return nil
}

/// How a graph differs from a case: in its outputs, and in its gradients.
private func differences(_ graph: ImportedGraph, from test: Case) -> (outputs: [String], gradients: [String])
{
  let rows = zip(test.inputs, graph.inputs).map { $0.elements.count / $1.count }.first ?? 1
  let counts = zip(test.outputs, graph.outputs).map { $0.elements.count == rows * $1.count }
  guard counts.allSatisfy(\.self) else {
    return (["shapes"], ["shapes"])
  }
  func joined(_ tensors: [OracleTensor], _ layouts: [SampleLayout]) -> Matrix<Double> {
    let parts = zip(tensors, layouts).map { tensor, layout in
      Matrix(
        rows: rows, columns: layout.count, elements: moved(tensor.elements, tensor.shape, layout, back: false)
      )
    }
    return Matrix(sideBySide: parts, rows: rows)
  }
  func compared(
    _ what: String, _ matrix: Matrix<Double>, _ tensors: [OracleTensor], _ layouts: [SampleLayout]
  ) -> [String] {
    var start = 0
    return zip(tensors, layouts).enumerated().compactMap { index, pair in
      let part = matrix.columns(start..<start + pair.1.count).elements
      start += pair.1.count
      return difference(
        "\(what) \(index)", moved(part, pair.0.shape, pair.1, back: true), pair.0.elements)
    }
  }
  let method = SolutionMethod.structured(Newton())
  let pass = graph.network.forward(joined(test.inputs, graph.inputs), solvingBy: method)
  let back = graph.network.backpropagate(
    joined(test.cotangents, graph.outputs), through: pass, solvingBy: method)
  var gradients = compared("gradient of input", back.gradients.input, test.gradients, graph.inputs)
  for (name, expected) in test.parameters.sorted(by: { $0.key < $1.key }) {
    let found = back.gradients.parameters[name]
    if found?.shape != expected.shape { gradients.append("gradient of \(name): shape \(found?.shape ?? [])") }
    gradients +=
      [difference("gradient of \(name)", found?.elements ?? [], expected.elements)].compactMap(\.self)
  }
  gradients += test.untrained.filter { back.gradients.parameters[$0] != nil }.map { "a gradient of \($0)" }
  return (compared("output", pass.output, test.outputs, graph.outputs), gradients)
}

@Suite("Gradients of imported operators", .enabled("Python lacks onnx or PyTorch") { folder != nil })
struct GradientTests {
  @Test(
    "Outputs and gradients are those of PyTorch in float64, and an axis, index or pad that differs is seen")
  func all() throws {
    let folder = try #require(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json") }
      .map { String($0.dropLast(5)) }.sorted()
    var (cases, faults) = (0, 0)
    for name in names {
      let test = try JSONDecoder().decode(
        Case.self, from: Data(contentsOf: URL(filePath: "\(folder)/\(name).json")))
      do throws(FileError) {
        let found = differences(try importedGraph(at: "\(folder)/\(name).onnx"), from: test)
        #expect(found.outputs.isEmpty && found.gradients.isEmpty, "\(name): \(found)")
        cases += 1
        for (index, fault) in test.faults.enumerated() {
          let graph = try importedGraph(at: "\(folder)/\(name).\(index).onnx")
          #expect(!differences(graph, from: test).gradients.isEmpty, "\(name): \(fault)")
          faults += 1
        }
      } catch {
        Issue.record("\(name): \(error)")
      }
    }
    #expect(cases >= 130 && faults >= 150, "\(cases) cases, \(faults) faults")
  }
}
