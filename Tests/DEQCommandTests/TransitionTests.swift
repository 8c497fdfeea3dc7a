import Foundation
import TestSupport
import Testing

/// Models that PyTorch trained, read from their transitions: `Tests/Oracles/transitions.py` makes them.
@Suite(
  .serialized,
  .enabled(
    if: Python.has("torch", "torchdeq", "onnx", "numpy"), "Python lacks torch, torchdeq, onnx or numpy"))
struct TransitionTests {
  /// The models, made once.
  private nonisolated(unsafe) static let models = Result {
    let folder = TemporaryFolder()
    let outcome = try folder.shell("python3 '\(Oracles.folder)/transitions.py' .")
    #expect(outcome.status == 0, "\(outcome.complaint)")
    return folder
  }

  private let folder: TemporaryFolder

  init() throws { folder = try Self.models.get() }

  /// What Python says of the evaluation of a model, compared with PyTorch's.
  private func faults(of model: String, as name: String) throws -> [String] {
    let outcome = try folder.shell(
      """
      python3 -c "import json; e = json.load(open('\(name).expected.json'))
      json.dump({k: e[k] for k in ['input', 'cotangent']}, open('\(model).samples', 'w'))"
      "$DEQ" evaluate \(model) --input \(model).samples --state -o \(model).out --force
      python3 '\(Oracles.folder)/transitions_compare.py' \(name).expected.json \(model).out
      """)
    #expect(outcome.complaint == "")
    return outcome.text.split(separator: "\n").map(String.init)
  }

  @Test(
    "z*, outputs and gradients are PyTorch's to 1e-10, in float64",
    arguments: [
      ("mondeq", ["mondeq.onnx"]), ("torchdeq", ["torchdeq.onnx", "torchdeq.readout.onnx"]),
      ("mixed", ["mixed.onnx"]),
    ])
  func roundTrip(name: String, files: [String]) throws {
    let outcome = try folder.deq(["convert", "--transition"] + files + ["-o", "\(name).json", "--force"])
    expectQuiet(outcome)
    #expect(outcome.firstLine.hasPrefix("proved: \(name).json is the same function as "))
    #expect(try faults(of: "\(name).json", as: name) == [])
  }

  @Test("The comparison with PyTorch sees another weight")
  func planted() throws {
    _ = try folder.deq("convert", "--transition", "mixed.onnx", "-o", "good.json", "--force")
    let text = try folder.text(of: "good.json")
    let weight = try #require(text.firstMatch(of: #/0\.[0-9]{6}/#)).output
    let other = weight.dropLast() + (weight.last == "9" ? "1" : "9")
    try folder.write(
      text.replacing(weight, with: other, maxReplacements: 1),
      to: "bad.json")
    #expect(try faults(of: "bad.json", as: "mixed") != [])
  }

  @Test(
    "What is no transition is refused, with what was expected",
    arguments: [
      (
        ["torchdeq.readout.onnx"], 65,
        "expected a transition of two inputs, the state first, and one output, or two"
      ),
      (["mondeq.onnx", "torchdeq.readout.onnx"], 65, "and one output, found 2 inputs and 2 outputs"),
      (
        ["torchdeq.onnx", "mixed.onnx"], 65,
        "expected an input of 7 coordinates, z, or of 11, z and x, found 8"
      ),
      (
        ["torchdeq.onnx", "--graph-input", "x", "--graph-input", "z"], 65,
        "expected f(z, x) as large as z, the first input, of 4 numbers, found 7"
      ),
      (["none.onnx"], 66, "none.onnx: expected a file"),
      (["mixed.expected.json"], 65, "expected an ONNX model"),
      (["a", "b", "c"], 64, "--transition: expected a transition, and perhaps its read-out, found 3 files"),
      (["-"], 64, "--transition: expected a file, found standard input"),
      (["mixed.onnx", "--stack"], 64, "--transition: expected no other way of reading, found --stack"),
    ])
  func refused(arguments: [String], status: Int32, message: String) throws {
    let outcome = try folder.deq(["convert", "--transition", "-o", "none.json"] + arguments)
    #expect(outcome.status == status)
    #expect(outcome.complaint.contains(message), "\(outcome.complaint)")
    #expect(lines(of: outcome.complaint).count == 1 && !folder.names.contains("none.json"))
  }
}
