import FileAccess
import Foundation
import LinearAlgebra
import ModelFiles
import TensorFiles
import TestSupport
import Testing

/// The reference implementation agrees with what is read and written.
@Suite(
  "Safetensors files and the Python package",
  .enabled(if: Python.has("safetensors.numpy"), "Python lacks safetensors"))
struct PythonSafetensorsTests {
  private let folder = TemporaryFolder()

  @Test("Python reads what is written here")
  func pythonReads() throws {
    let sink = MemorySink()
    let source = try SafetensorsFile(folder.file("x.safetensors", SafetensorsBytes.sample))
    try SafetensorsWriter(
      [
        ("half", source.tensor(named: "b").tensor),
        ("Ω \"double\"", Tensor(shape: [1, 3], elements: [0.1, -0.0, 1e300])),
        ("single", source.tensor(named: "a").tensor), ("empty", Tensor(zeros: [2, 0])),
      ], metadata: [("maker", "deq")]
    ).write(to: sink)
    _ = try folder.file("y.safetensors", sink.bytes)
    let printed = try Python.run(
      """
      from safetensors import safe_open
      with safe_open("y.safetensors", framework="numpy") as file:
        print(file.metadata())
        for name in sorted(file.keys()):
          tensor = file.get_tensor(name)
          print(name, tensor.dtype, tensor.shape, tensor.flatten().tolist())
      """, in: folder.path)
    #expect(
      printed == """
        {'maker': 'deq'}
        empty float64 (2, 0) []
        half float16 () [0.5]
        single float32 (1, 2) [1.5, -2.0]
        Ω "double" float64 (1, 3) [0.1, -0.0, 1e+300]

        """)
  }

  @Test("What Python writes is read here")
  func pythonWrites() throws {
    _ = try Python.run(
      """
      import numpy
      from safetensors.numpy import save_file
      save_file({
        "double": numpy.array([[0.1, -0.0], [5e-324, 1e300]]), "single": numpy.array([0.1, 3.4e38], "float32"),
        "half": numpy.array([[[0.1]], [[65504]]], "float16"), "mask": numpy.array([True]), "scalar": numpy.array(2.5),
        "empty": numpy.zeros((3, 0, 2)), "count": numpy.array([7]),
      }, "z.safetensors", {"a": "b"})
      """, in: folder.path)
    let file = try SafetensorsFile("\(folder.path)/z.safetensors")
    #expect(Set(file.names) == ["double", "single", "half", "mask", "scalar", "empty", "count"])
    #expect(file.metadata == ["a": "b"])
    func tensor(_ name: String) throws -> Tensor<Double> { try file.tensor(named: name).tensor }
    #expect(
      try tensor("double") == Tensor(shape: [2, 2], elements: [0.1, -0.0, .leastNonzeroMagnitude, 1e300]))
    #expect(try tensor("single") == Tensor([Double(Float(0.1)), Double(Float(3.4e38))]))
    #expect(try tensor("half") == Tensor(shape: [2, 1, 1], elements: [0.0999755859375, 65504]))
    #expect(try tensor("scalar") == Tensor(shape: [], elements: [2.5]))
    #expect(try tensor("empty") == Tensor(zeros: [3, 0, 2]))
    #expect(throws: FileError.self) { try tensor("mask") }
    #expect(throws: FileError.self) { try tensor("count") }
  }

  @Test("What the reference refuses is refused here, but for its laxer JSON")
  func hostile() throws {
    var names: [String] = []
    for index in stride(from: 0, to: SafetensorsBytes.sample.count, by: 3) {
      for bit in [0, 2, 4] {
        var bytes = SafetensorsBytes.sample
        bytes[index] ^= 1 << bit
        names.append("\(index).\(bit).safetensors")
        _ = try folder.file(names.last!, bytes)
      }
    }
    let printed = try Python.run(
      """
      import glob
      from safetensors import safe_open
      for name in sorted(glob.glob("*.*.safetensors")):
        try:
          with safe_open(name, framework="numpy") as file:
            file.keys()
        except Exception:
          print(name)
      """, in: folder.path)
    let refused = Set(printed.split(separator: "\n").map(String.init))
    #expect(refused.count > 100)
    for name in names where refused.contains(name) {
      #expect(throws: FileError.self, "\(name)") { try SafetensorsFile("\(folder.path)/\(name)") }
    }
  }
}
