import Equilibria
import FileAccess
import Foundation
import LinearAlgebra
import ModelFiles
import ONNXExport
import ONNXImport
import TestSupport

/// ONNX Runtime, by Python: an implementation of ONNX that this project has no part in.
enum Runtime {
  /// Whether there is one here.
  static let isAvailable = Python.has("onnx", "onnxruntime", "numpy")

  /// An implementation of ONNX.
  enum Evaluator: String, Encodable {
    /// ONNX Runtime: fast, and without some operators in double precision.
    case runtime
    /// ONNX's own reference implementation.
    case reference
  }

  /// A model to run.
  struct Case: Encodable {
    /// The file, in the folder of the tests.
    let file: String
    /// What goes in, by name; the name "" is the first input, in whatever shape it has.
    let feeds: [String: Numbers]
    /// `float32` or `float64`.
    var type = "float32"
    /// What runs it.
    var evaluator = Evaluator.runtime
    /// For a transition: how often it is to be applied to the state; 1 gives f(z, x).
    var iterations = 1
  }

  /// Numbers with a shape, as JSON has them.
  struct Numbers: Codable {
    let shape: [Int]
    let data: [Double]

    init(shape: [Int], data: [Double]) {
      self.shape = shape
      self.data = data
    }

    /// A batch of samples.
    init(_ batch: Matrix<Double>, sample shape: [Int]) {
      self.init(shape: [batch.rows] + shape, data: batch.elements)
    }
  }

  /// Checks all models with ONNX's own checker, runs them, and returns their outputs by name.
  static func run(_ cases: [Case], in folder: URL) throws -> [[String: Numbers]] {
    try JSONEncoder().encode(cases).write(to: folder.appending(path: "cases.json"))
    _ = try Python.run(script, in: folder.path())
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(
      [[String: Numbers]].self, from: Data(contentsOf: folder.appending(path: "results.json")))
  }

  private static let script = """
    import json, math, numpy, onnx, onnx.reference, onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    results = []
    for case in json.load(open("cases.json")):
      try:
        model = onnx.load(case["file"])
        onnx.checker.check_model(model, full_check=True)
        if case["evaluator"] == "reference":
          session = onnx.reference.ReferenceEvaluator(model)
        else:
          session = onnxruntime.InferenceSession(case["file"], options, providers=["CPUExecutionProvider"])
        feeds = {}
        for name, value in case["feeds"].items():
          first = session.get_inputs()[0] if not name else None
          shape = [n if isinstance(n, int) else 1 for n in first.shape] if first else value["shape"]
          feeds[first.name if first else name] = numpy.array(value["data"], case["type"]).reshape(shape)
        for _ in range(case["iterations"]):
          outputs = session.run(None, feeds)
          if "z" in feeds: feeds["z"] = outputs[0]
      except Exception as error:
        raise Exception(case["file"]) from error
      results.append({output.name: {
        "shape": list(value.shape),
        "data": [float(x) if math.isfinite(x) else str(float(x)) for x in value.flatten().tolist()]}
        for output, value in zip(model.graph.output, outputs)})
    json.dump(results, open("results.json", "w"))
    """
}

extension ONNXExport {
  /// Writes the file into a folder.
  func write(_ name: String, in folder: URL) throws {
    let sink = MemorySink(named: name)
    try write(to: sink)
    try Data(sink.bytes).write(to: folder.appending(path: name))
  }
}

/// A folder that is removed with everything in it when the value goes away.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "deq-onnx-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}

/// The folder that the package is in.
let packageFolder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()
