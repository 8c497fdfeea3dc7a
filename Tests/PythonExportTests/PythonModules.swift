import Equilibria
import FileAccess
import Foundation
import LinearAlgebra
import ModelFiles
import PythonExport
import TestSupport
import Testing

/// A model with samples, to be exported and evaluated by Python.
struct ExportedSample {
  let name: String
  let model: EquilibriumModel<Double>
  let x: Matrix<Double>
  let cotangent: Matrix<Double>

  /// A sample of a model at seeded numbers.
  init(_ name: String, _ model: EquilibriumModel<Double>, seed: UInt64, rows: Int = 3) {
    var generator = SeededGenerator(seed: seed)
    func matrix(_ columns: Int) -> Matrix<Double> {
      Matrix(
        rows: rows, columns: columns,
        elements: (0..<rows * columns).map { _ in Double.random(in: -1...1, using: &generator) })
    }
    (self.name, self.model) = (name, model)
    (x, cotangent) = (matrix(model.inputSize), matrix(model.outputSize))
  }

  /// A sample of given numbers.
  init(_ name: String, _ model: EquilibriumModel<Double>, x: Matrix<Double>, cotangent: Matrix<Double>) {
    (self.name, self.model, self.x, self.cotangent) = (name, model, x, cotangent)
  }
}

/// Modules written by the export, run by Python in a folder.
struct PythonModules {
  /// What Python found for a sample.
  struct Result: Decodable {
    let output: [Double]
    let input: [Double]
    let parameters: [String: [Double]]
    let shapes: [String: [Int]]
    /// The largest difference of the transition at the equilibrium from the equilibrium.
    let residual: Double
  }

  private struct Case: Encodable {
    let module: String
    let x, cotangent: [[Double]]
  }

  let library: PythonLibrary

  /// Exports all models into a folder, and runs each on its samples.
  func run(_ samples: [ExportedSample], in folder: URL) throws -> [Result] {
    var cases: [Case] = []
    for (index, sample) in samples.enumerated() {
      let name = "m\(index)"
      let export = try PythonExport(
        sample.model, for: library, weights: "\(name).safetensors", source: sample.name)
      try Data(export.text.utf8).write(to: folder.appending(path: "\(name).py"))
      let sink = MemorySink(named: name)
      try export.writeWeights(to: sink)
      try Data(sink.bytes).write(to: folder.appending(path: "\(name).safetensors"))
      cases.append(Case(module: name, x: rows(sample.x), cotangent: rows(sample.cotangent)))
    }
    try JSONEncoder().encode(cases).write(to: folder.appending(path: "cases.json"))
    _ = try Python.run(library == .torch ? Self.torchScript : Self.jaxScript, in: folder.path())
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode([Result].self, from: Data(contentsOf: folder.appending(path: "results.json")))
  }

  private func rows(_ matrix: Matrix<Double>) -> [[Double]] {
    (0..<matrix.rows).map { Array(matrix.row($0)) }
  }

  private static let torchScript = """
    import importlib, json, math, sys, torch
    sys.path.insert(0, ".")
    torch.manual_seed(1)
    flat = lambda t: [v if math.isfinite(v) else str(v) for v in t.detach().reshape(-1).tolist()]
    results = []
    for case in json.load(open("cases.json")):
      try:
        module = importlib.import_module(case["module"])
        model = module.Model.load()
        x = torch.tensor(case["x"], dtype=torch.float64).reshape(-1, *module.INPUT_SHAPE).requires_grad_()
        y = model(x)
        g = torch.tensor(case["cotangent"], dtype=torch.float64).reshape(y.shape)
        if y.requires_grad:
          (y * g).sum().backward()
        z = module.join(model.equilibrium(x), module.BLOCKS).detach()
        difference = (model.transition(z, x) - z).abs()
        zeros = lambda t: torch.zeros_like(t) if t.grad is None else t.grad
        named = dict(model.named_parameters())
        results.append({
            "output": flat(y), "input": flat(zeros(x)),
            "parameters": {name: flat(zeros(value)) for name, value in named.items()},
            "shapes": {name: list(value.shape) for name, value in named.items()},
            "residual": float(difference[torch.isfinite(difference)].max() if difference.numel() else 0)})
      except Exception as error:
        raise Exception(case["module"] + ": " + open(case["module"] + ".py").read()[:3000]) from error
    json.dump(results, open("results.json", "w"))
    """

  private static let jaxScript = """
    import importlib, json, math, os, sys
    os.environ["XLA_FLAGS"] = "--xla_backend_optimization_level=0"
    import jax, jax.numpy as jnp, numpy as np
    jax.config.update("jax_enable_x64", True)
    sys.path.insert(0, ".")
    flat = lambda t: [v if math.isfinite(v) else str(v) for v in np.asarray(t).reshape(-1).tolist()]
    results = []
    for case in json.load(open("cases.json")):
      try:
        module = importlib.import_module(case["module"])
        w = module.load()
        x = jnp.array(case["x"], jnp.float64).reshape(-1, *module.INPUT_SHAPE)
        def run(w, x, g):
            y, pull = jax.vjp(module.apply, w, x)
            z = module.join(module.equilibrium(w, x), module.BLOCKS)
            return y, pull(g.reshape(y.shape)), z, module.transition(w, z, x)
        y, (dw, dx), z, f = jax.jit(run)(w, x, jnp.array(case["cotangent"], jnp.float64))
        difference = np.abs(np.asarray(f - z))
        results.append({
            "output": flat(y), "input": flat(dx),
            "parameters": {name: flat(value) for name, value in dw.items()},
            "shapes": {name: list(value.shape) for name, value in w.items()},
            "residual": float(difference[np.isfinite(difference)].max(initial=0))})
      except Exception as error:
        raise Exception(case["module"] + ": " + open(case["module"] + ".py").read()[:3000]) from error
    json.dump(results, open("results.json", "w"))
    """
}

/// Expects what Python found to be what this library finds, relative to the largest number of each tensor.
func expectAgreement(
  _ sample: ExportedSample, _ result: PythonModules.Result, within tolerance: Double = 1e-10
) throws {
  let method = SolutionMethod.structured(GroupSolver())
  let solution = try sample.model.equilibrium(sample.x, by: method)
  let gradients = sample.model.backpropagate(sample.cotangent, through: solution, by: method).gradients
  expectClose(result.output, solution.output.elements, "\(sample.name): output", tolerance)
  expectClose(result.input, gradients.input.elements, "\(sample.name): gradient of x", tolerance)
  #expect(result.parameters.keys.sorted() == gradients.parameters.names.sorted(), "\(sample.name)")
  for name in gradients.parameters.names {
    let expected = gradients.parameters[name]!
    #expect(result.shapes[name] == expected.shape, "\(sample.name): \(name)")
    guard let found = result.parameters[name] else { continue }
    if sample.model.form == .matrix {
      // The module's pattern mask keeps entries outside of the pattern at 0; this library reports their gradients.
      for (value, whole) in zip(found, expected.elements) where value != 0 {
        #expect(abs(value - whole) <= tolerance * max(1, abs(whole)), "\(sample.name): \(name)")
      }
    } else {
      expectClose(found, expected.elements, "\(sample.name): gradient of \(name)", tolerance)
    }
  }
  let scale = max(1, solution.state.flatMap(\.elements).filter(\.isFinite).map { abs($0) }.max() ?? 1)
  #expect(result.residual <= tolerance * scale, "\(sample.name): residual \(result.residual)")
}

private func expectClose(_ found: [Double], _ expected: [Double], _ what: String, _ tolerance: Double) {
  guard found.count == expected.count else {
    Issue.record("\(what): \(found.count) numbers, expected \(expected.count)")
    return
  }
  let scale = max(1, expected.filter(\.isFinite).map { abs($0) }.max() ?? 1)
  var worst = 0.0
  var place = 0
  for (index, (value, wanted)) in zip(found, expected).enumerated() {
    if value == wanted || value.isNaN && wanted.isNaN { continue }
    // Each number at its own size where they differ by orders of magnitude.
    let allowed = min(scale, max(1, abs(wanted)))
    let difference = (value - wanted).magnitude / allowed
    if !(difference <= worst) { (worst, place) = (difference.isNaN ? .infinity : difference, index) }
  }
  #expect(
    worst <= tolerance, "\(what) [\(place)]: \(found[place]), expected \(expected[place])")
}

/// A folder that is removed with everything in it when the value goes away.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "deq-python-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}

/// The folder that the package is in.
let packageFolder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()
