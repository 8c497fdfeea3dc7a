import Blocks
import Equilibria
import FileAccess
import Foundation
import LinearAlgebra
import ModelFiles
import ONNXExport
import TestSupport

/// onnx2torch, by Python: it makes modules of PyTorch of ONNX models, for others to train on.
enum ModulesOfTorch {
  /// onnx2torch asks for torchvision, for operators of object detection alone. PyPI's torchvision is built for CUDA, and
  /// cannot be imported beside a PyTorch for the CPU: what takes its place in these tests is empty.
  private static let importing = """
    import sys, types
    vision = types.ModuleType("torchvision")
    vision.ops = types.ModuleType("torchvision.ops")
    vision.ops.roi_align = None
    sys.modules.update({"torchvision": vision, "torchvision.ops": vision.ops})
    import onnx2torch
    """

  /// Whether it is here.
  static let isAvailable =
    Python.has("onnx", "torch") && (try? Python.run(importing, in: "/tmp")) != nil

  /// A model with inputs and cotangents of its output.
  struct Sample {
    let name: String
    let model: EquilibriumModel<Double>
    let x: Matrix<Double>
    let cotangent: Matrix<Double>

    init(_ name: String, _ model: EquilibriumModel<Double>, x: Matrix<Double>, cotangent: Matrix<Double>) {
      (self.name, self.model, self.x, self.cotangent) = (name, model, x, cotangent)
    }

    /// A sample of a model at seeded numbers.
    init(_ name: String, _ model: EquilibriumModel<Double>, seed: UInt64) {
      var generator = SeededGenerator(seed: seed)
      func matrix(_ columns: Int) -> Matrix<Double> {
        Matrix(rows: 2, columns: columns, elements: (0..<2 * columns).map { _ in generator.normal() })
      }
      self.init(name, model, x: matrix(model.inputSize), cotangent: matrix(model.outputSize))
    }
  }

  /// What PyTorch finds for a sample: y, and the gradients of Σ ⟨cotangent, y⟩.
  struct Result: Decodable {
    /// The operator of ONNX that onnx2torch has no converter for, or what it says it lacks, and then nothing else.
    let refused: String?
    let output, input: [Double]
    let parameters: [String: [Double]]
  }

  private struct Case: Encodable {
    let file: String
    let x, cotangent, z: [[Double]]
    let iterations, start: Int
  }

  /// Exports all models in double precision, with the operators of version 13, and lets PyTorch iterate each.
  ///
  /// Without cycles the result does not depend on the start, in exact arithmetic; the equilibrium is one at which all
  /// numbers are finite, as they need not be at zeros.
  static func run(_ samples: [Sample], as content: ONNXExport.Content = .transition) throws -> [Result] {
    let folder = try TemporaryFolder()
    let cases = try samples.enumerated().map { index, sample in
      let model = sample.model
      let export = try ONNXExport(model, as: content, precision: .float64, opset: 13)
      try export.write("\(index).onnx", in: folder.url)
      let state = try model.equilibrium(sample.x, by: .structured(GroupSolver())).state
      return Case(
        file: "\(index).onnx", x: rows(sample.x), cotangent: rows(sample.cotangent),
        z: rows(model.flatten(state, batch: sample.x.rows)).map { $0.map { $0.isFinite ? $0 : 0 } },
        // The fixtures with cycles are contractions. Without cycles fewer steps are exact.
        iterations: model.nilpotencyIndex ?? 400, start: model.blockStarts[model.output])
    }
    try JSONEncoder().encode(cases).write(to: folder.url.appending(path: "cases.json"))
    _ = try Python.run(importing + "\n" + script, in: folder.url.path())
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(
      [Result].self, from: Data(contentsOf: folder.url.appending(path: "results.json")))
  }

  private static func rows(_ matrix: Matrix<Double>) -> [[Double]] {
    (0..<matrix.rows).map { Array(matrix.row($0)) }
  }

  /// onnx2torch gives weights names of its own and copies what is used twice. A copy of the file with other numbers tells
  /// which tensor of the module comes from which one of the file.
  private static let script = """
    import json, math, re, numpy as np, onnx, torch
    from onnx import numpy_helper

    def origins(model):
        marks, changed = {}, onnx.ModelProto()
        changed.CopyFrom(model)
        generator = np.random.default_rng(0)
        for initializer in changed.graph.initializer:
            array = numpy_helper.to_array(initializer)
            if array.dtype == np.float64:
                marks[initializer.name] = generator.uniform(0.1, 0.9, array.shape)
                initializer.CopyFrom(numpy_helper.from_array(marks[initializer.name], initializer.name))
        found = {}
        for key, tensor in onnx2torch.convert(changed).state_dict().items():
            for name, mark in marks.items():
                for transposed in (False, True):
                    other = tensor.numpy().T if transposed else tensor.numpy()
                    if other.shape == mark.shape and (other == mark).all():
                        found[key] = name, transposed
        return found

    def run(case):
        model = onnx.load(case["file"])
        module, places = onnx2torch.convert(model), origins(model)
        names = {match[1]: p.value for p in model.metadata_props
                 if (match := re.match(r"deq\\.(?:parameter|sample|scalar)\\.(.*)", p.key))}
        tensors = {key: t for key, t in [*module.named_parameters(), *module.named_buffers()]
                   if key in places and places[key][0] in names}
        for t in tensors.values():
            t.requires_grad_()
        shapes = [[d.dim_value for d in v.type.tensor_type.shape.dim[1:]] for v in model.graph.input]
        x = torch.tensor(case["x"], dtype=torch.float64).requires_grad_()
        z = torch.tensor(case["z"], dtype=torch.float64)
        for _ in range(case["iterations"]):
            z = module(z, x.reshape(-1, *shapes[1]))
        g = torch.tensor(case["cotangent"], dtype=torch.float64)
        y = z[:, case["start"]:case["start"] + g.shape[1]]
        if y.requires_grad:
            (y * g).sum().backward()
        gradients = {}
        for key, t in tensors.items():
            name, transposed = places[key]
            value = torch.zeros_like(t) if t.grad is None else t.grad
            value = (value.T if transposed else value).reshape(-1)
            gradients[names[name]] = gradients.get(names[name], 0) + value
        flat = lambda t: [v if math.isfinite(v) else str(v) for v in t.detach().reshape(-1).tolist()]
        return {"output": flat(y), "input": flat(torch.zeros_like(x) if x.grad is None else x.grad),
                "parameters": {name: flat(value) for name, value in gradients.items()}}

    results = []
    for case in json.load(open("cases.json")):
        try:
            results.append(run(case))
        except NotImplementedError as error:
            operator = re.search("operation_type='(\\\\w+)'", str(error))
            reason = operator[1] if operator else str(error)
            results.append({"refused": reason, "output": [], "input": [], "parameters": {}})
        except Exception as error:
            raise Exception(case["file"]) from error
    json.dump(results, open("results.json", "w"))
    """
}
