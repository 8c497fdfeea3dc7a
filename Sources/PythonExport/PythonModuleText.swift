import Blocks
import Equilibria
import LinearAlgebra

/// The text of a module: a heading, the model's tables, its blocks, and the code that evaluates them.
struct PythonModuleText {
  /// A constant, by its name in the functions and by its name in the weights file.
  struct StoredConstant {
    let name: String
    let stored: String
    let tensor: Tensor<Double>
  }

  let model: EquilibriumModel<Double>
  let library: PythonLibrary
  let weights: String
  let source: String
  let names: ParameterNames
  /// The model without its numbers, as JSON.
  let structure: String
  let functions: [String]
  let identifiers: [String]
  let helpers: Set<PythonHelper>
  let constants: [StoredConstant]

  private var isCyclic: Bool { model.groups.contains(where: \.isCyclic) }

  /// The whole module.
  var text: String {
    let definitions = PythonHelper.allCases.filter(helpers.contains).map { $0.definition(for: library) }
    let parts =
      [heading, imports + "\n\n" + tables] + definitions + functions
      + [modelTables, library == .torch ? torchRuntime : jaxRuntime, structureText]
    return parts.joined(separator: "\n\n\n") + "\n"
  }

  private var heading: String {
    let (input, output) = (batch(model.inputShape), batch(model.outputShape))
    let evaluation =
      isCyclic
      ? "Blocks that read each other are solved by \(library == .torch ? "TorchDEQ" : "optimistix"), with implicit gradients."
      : "No block reads itself: one sweep is exact, and equals z = f(z, x) iterated as often as the longest path has blocks."
    let use =
      library == .torch
      ? """
          model = Model.load()          # \(comment(weights)), in float64
          y = model(x)                  # x: \(input), y: \(output)
          model.to_deq("trained.deq.json")

      """
      : """
          jax.config.update("jax_enable_x64", True)
          w = load()                    # \(comment(weights)): a dictionary of arrays, in float64
          y = apply(w, x)               # x: \(input), y: \(output)
          to_deq(w, "trained.deq.json")

      """
    return """
      \"""\(comment(source)) as a deep equilibrium model in \(library == .torch ? "PyTorch" : "JAX"), written by deq.

      \(use)
      \(evaluation)
      Requires \(requirements).
      \"""
      """
  }

  private var requirements: String {
    switch library {
    case .torch: isCyclic ? "torch, torchdeq and safetensors" : "torch and safetensors"
    case .jax: isCyclic ? "jax, optimistix, numpy and safetensors" : "jax, numpy and safetensors"
    }
  }

  /// Text that may stand in a comment or a description.
  private func comment(_ text: String) -> String {
    String(
      text.unicodeScalars.map {
        $0 == "\\" || $0 == "\"" || $0.value < 32 || $0.value == 127 ? "_" : Character($0)
      })
  }

  private func batch(_ shape: [Int]) -> String { "[batch, \(shape.list)]" }

  private var imports: String {
    switch library {
    case .torch:
      """
      import json
      import pathlib\(isCyclic ? "\nimport warnings" : "")

      import torch
      import torch.nn.functional as F
      from safetensors.torch import load_file, save_file
      """ + (isCyclic ? "\nfrom torchdeq import get_deq" : "")
    case .jax:
      """
      import functools
      import json
      import pathlib

      import jax
      import jax.numpy as jnp
      import numpy as np
      from jax import lax
      from safetensors.numpy import load_file, save_file
      """ + (isCyclic ? "\nimport optimistix as optx" : "")
    }
  }

  /// Every parameter and every constant.
  private var tables: String {
    var lines = [
      "WEIGHTS = pathlib.Path(__file__).with_name(\(pythonString(weights)))", "",
      "# Every parameter, and its shape.", "PARAMETERS = {",
    ]
    lines += names.tensors.map { "    \(pythonString($0.name)): \(shape($0.tensor.shape))," }
    lines += ["}", "# What is not trained: its name in the weights file, and its shape.", "CONSTANTS = {"]
    lines += constants.map {
      "    \(pythonString($0.name)): (\(pythonString($0.stored)), \(shape($0.tensor.shape))),"
    }
    return (lines + ["}"]).joined(separator: "\n")
  }

  private func shape(_ shape: [Int]) -> String { shape.isEmpty ? "()" : shape.tuple }

  /// The blocks in the order of the state, and the order of their evaluation.
  private var modelTables: String {
    var lines = [
      "INPUT = None  # what a block reads if it reads x", "INPUT_SHAPE = \(shape(model.inputShape))",
      "OUTPUT = \(pythonString(model.blocks[model.output].name))",
      "# Every block, in the order of the state z: its function, what it reads, and its shape.", "BLOCKS = {",
    ]
    for (block, identifier) in zip(model.blocks, identifiers) {
      let sources = PythonBlockWriter.sources(of: block).map { source in
        if case .node(let index) = source { pythonString(model.blocks[index].name) } else { "INPUT" }
      }
      let reads =
        sources.count == 1 ? "(\(sources[0]),)" : "(\(sources.joined(separator: ", ")))"
      lines.append("    \(pythonString(block.name)): (\(identifier), \(reads), \(shape(block.shape))),")
    }
    lines += [
      "}",
      "# Blocks in an order in which each comes after what it reads; those that read each other, together.",
      "ORDER = [",
    ]
    for group in model.groups {
      let members = group.members.map { pythonString(model.blocks[$0].name) }.joined(separator: ", ")
      lines.append("    (\(group.isCyclic ? "True" : "False"), [\(members)]),")
    }
    return (lines + ["]"]).joined(separator: "\n")
  }

  /// The model's file without its numbers, for `to_deq`.
  private var structureText: String {
    var skeleton = structure
    if names.isMatrixForm {
      // Whole matrices have their numbers in the JSON: they are filled in when the model is written.
      for (key, kind) in [("Wz", "matrix"), ("Wx", "matrix"), ("b", "vector")] {
        skeleton = emptied(skeleton, key: key, kind: kind)
      }
    }
    let lines = skeleton.split(separator: "\n", omittingEmptySubsequences: true).map {
      "    " + pythonString(String($0) + "\n")
    }
    return "# The model's file without its numbers, for to_deq.\nSTRUCTURE = (\n"
      + lines.joined(separator: "\n") + "\n)"
  }

  /// The text with `"key": {"kind": null}` in place of the numbers.
  private func emptied(_ text: String, key: String, kind: String) -> String {
    guard let start = text.firstRange(of: "\"\(key)\": {\"\(kind)\": "),
      let end = text[start.upperBound...].firstIndex(of: "}")
    else { return text }
    return String(text[..<start.upperBound]) + "null" + String(text[end...])
  }
}
