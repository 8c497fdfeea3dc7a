import Equilibria
import FileAccess
import Foundation
import LinearAlgebra
import ModelFiles
import ONNXExport
import Operators
import Testing

@Suite("Operators in ONNX", .enabled(if: Runtime.isAvailable, "Python lacks onnx, onnxruntime or numpy"))
struct OperatorExportTests {
  @Test(
    "Every operator of the oracle, exported and run by ONNX Runtime, has PyTorch's value",
    arguments: [13, 17, ONNXExport.opset])
  func oracle(opset: Int) throws {
    let folder = try TemporaryFolder()
    // Averages over windows with gaps came with version 19; before, they are refused.
    let entries = try OperatorOracle.entries().filter { entry in
      guard opset < 19, let map = entry.model.blocks[0].terms[0].map as? AveragePooling<Double>,
        map.dilation.contains(where: { $0 != 1 })
      else { return true }
      #expect(throws: FileError.self) { try ONNXExport(entry.model, as: .transition, opset: opset) }
      return false
    }
    var cases: [Runtime.Case] = []
    for (index, entry) in entries.enumerated() {
      let file = "\(index).onnx"
      try ONNXExport(entry.model, as: .transition, opset: opset).write(file, in: folder.url)
      let z = Matrix<Double>(rows: entry.x.rows, columns: entry.model.stateSize)
      cases.append(
        .init(
          file: file,
          feeds: [
            "x": .init(entry.x, sample: [entry.x.columns]), "z": .init(z, sample: [z.columns]),
          ]))
    }
    for (entry, result) in zip(entries, try Runtime.run(cases, in: folder.url)) {
      let found = try #require(result["f"])
      #expect(found.shape == [entry.x.rows, entry.model.stateSize], "\(entry.name)")
      let x = entry.x
      let inFloat = entry.model.cast(to: Float.self).transition(
        entry.model.cast(to: Float.self).zeroState(batch: x.rows), input: x.cast(to: Float.self))[0]
      let scale = (x.elements + entry.value).filter(\.isFinite).map { abs($0) }.max() ?? 0
      for (index, value) in entry.value.enumerated() {
        // The library's own rounding there, and some units in the last place of what goes in and comes out.
        let allowed = 4 * abs(Double(inFloat.elements[index]) - value) + 32 * Double(Float.ulpOfOne) * scale
        let isSame = found.data[index] == value || found.data[index].isNaN && value.isNaN
        #expect(
          isSame || abs(found.data[index] - value) <= allowed,
          "\(entry.name) [\(index)]: \(found.data[index]), \(value), \(inFloat.elements[index]) allowed \(allowed)"
        )
      }
    }
  }
}
