import Conversion
import Equilibria
import Equivalence
import FileAccess
import FixedPoints
import Foundation
import LinearAlgebra
import ModelFiles
import Networks
import ONNXImport
import Testing

/// ONNX's own tests of single operators, written to a folder by `Tests/Oracles/onnx_backend.py`; nil without Python and
/// its package onnx.
private let folder = oracleFolder(writtenBy: "onnx_backend.py")

private struct Case: Decodable {
  let operators: [String]
  let rtol, atol: Double
  let inputs, outputs: [OracleTensor]
}

private enum Outcome {
  case pass
  case skip(String)
  case fail(String)
}

private func run(_ name: String, in folder: String) throws -> ([String], Outcome) {
  let test = try JSONDecoder().decode(
    Case.self, from: Data(contentsOf: URL(filePath: "\(folder)/\(name).json")))
  let graph: ImportedGraph
  do throws(FileError) {
    graph = try importedGraph(at: "\(folder)/\(name).onnx")
  } catch {
    return (test.operators, .skip("\(error.place): \(error.problem)"))
  }
  let rows = zip(test.inputs, graph.inputs).map { $0.elements.count / $1.count }.first ?? 1
  let parts = zip(test.inputs, graph.inputs).map { input, layout in
    Matrix(
      rows: rows, columns: layout.count, elements: moved(input.elements, input.shape, layout, back: false))
  }
  let x = Matrix(sideBySide: parts, rows: rows)
  let y = graph.network.forward(x, solvingBy: .structured(Newton())).output
  // What was computed in half precision was rounded to 2⁻¹¹ after every operator; here it is computed in double.
  let tolerance = name.contains("fp16") ? max(test.rtol, 4e-3) : test.rtol
  var start = 0
  for (index, (output, layout)) in zip(test.outputs, graph.outputs).enumerated() {
    let part = y.columns(start..<start + layout.count)
    start += layout.count
    let elements = layout.batchAxis == nil ? Array(part.row(0)) : part.elements
    guard elements.count == output.elements.count else {
      return (test.operators, .fail("output \(index): \(elements.count) numbers for shape \(output.shape)"))
    }
    let found = moved(elements, output.shape, layout, back: true)
    for (found, expected) in zip(found, output.elements) {
      let isSame = found == expected || found.isNaN && expected.isNaN
      // Beyond single precision there is infinity.
      let isLarge = expected.isInfinite && abs(found) > 3.4e38 || abs(expected) > 6e4 && test.rtol > 1e-2
      // Beside halves, the runtime's single precision decides which of two steps is the nearest.
      let isNearStep = test.operators == ["DynamicQuantizeLinear"] && abs(found - expected) <= 1
      guard isSame || isLarge || isNearStep || abs(found - expected) <= test.atol + tolerance * abs(expected)
      else {
        return (test.operators, .fail("output \(index): \(found) for \(expected)"))
      }
    }
  }
  return (test.operators, try conversionProblem(of: graph.network).map { .fail($0) } ?? .pass)
}

/// What is wrong with the network's equilibrium model, written and read again; nil where it is proved equal, or holds
/// numbers that no file can.
private func conversionProblem(of network: Network<Double>) throws -> String? {
  let sink = MemorySink()
  do throws(FileError) {
    try ModelFile.equilibrium(EquilibriumModel(converting: network)).write(to: sink)
    guard case .equilibrium(let model) = try ModelFile.read(FileContents(sink.bytes, named: "m.deq.json"))
    else {
      return "written as a network"
    }
    var checker = EquivalenceChecker()
    checker.samples = 1
    let report = checker.check(network, against: model)
    return report.proof.function.isProved ? nil : "not proved"
  } catch {
    return error.description.contains("finite") ? nil : error.description
  }
}

@Suite("ONNX's backend tests", .enabled("Python lacks onnx") { folder != nil })
struct BackendTests {
  /// Tests whose expected values take a scale times an extent for the length of the result, 2.4 elements. The operator's
  /// text says "the length of the resized tensor", 2. ONNX Runtime and PyTorch compute with 2, as `onnx_further.py` tests.
  private static let contradictions = [
    "test_resize_downsample_scales_cubic_align_corners", "test_resize_downsample_scales_linear_align_corners",
  ]

  @Test("Every supported operator gives what ONNX's own tests expect")
  func all() throws {
    let folder = try #require(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".onnx") }
      .map { String($0.dropLast(5)) }.sorted()
    #expect(names.count > 1000)
    var table: [String: (pass: Int, skips: [String: Int], fails: [String])] = [:]
    for name in names {
      let (operators, outcome) = try run(name, in: folder)
      if Self.contradictions.contains(name) {
        guard case .fail = outcome else {
          Issue.record("\(name) has the values that contradict the operator's text")
          continue
        }
        print("BACKEND \(name): contradicts the operator's text")
        continue
      }
      let key = operators.count == 1 ? operators[0] : "of several operators"
      switch outcome {
      case .pass: table[key, default: (0, [:], [])].pass += 1
      case .skip(let reason): table[key, default: (0, [:], [])].skips[reason, default: 0] += 1
      case .fail(let reason): table[key, default: (0, [:], [])].fails.append("\(name): \(reason)")
      }
    }
    var total = (pass: 0, skip: 0, fail: 0)
    for (key, row) in table.sorted(by: { $0.key < $1.key }) {
      let skipped = row.skips.values.reduce(0, +)
      total = (total.pass + row.pass, total.skip + skipped, total.fail + row.fails.count)
      print("BACKEND \(key): \(row.pass) pass, \(skipped) skip, \(row.fails.count) fail")
      for (reason, count) in row.skips.sorted(by: { $0.value > $1.value }).prefix(6) {
        print("   skip \(count)× \(reason)")
      }
      for fail in row.fails { print("   FAIL \(fail)") }
      #expect(row.fails.isEmpty, "\(key): \(row.fails)")
    }
    print("BACKEND in all: \(total.pass) pass, \(total.skip) skip, \(total.fail) fail")
    #expect(total.pass > 1750)
  }
}
