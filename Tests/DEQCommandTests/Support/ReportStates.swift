import TestSupport
import Testing

/// One way for a command to end, with what its report has to show then.
struct ReportState: CustomStringConvertible {
  /// A stream of the command.
  enum Stream { case output, errors }

  /// The schema that the report follows.
  let schema: String
  /// What the command line says.
  let arguments: [String]
  /// The exit status that it ends with.
  let status: Int32
  /// Values by their keys, `function.verdict`; this is what makes it this state.
  let shows: [String: JSONInstance]
  /// Keys that are there in this state.
  let has: [String]
  /// Where the report goes.
  let stream: Stream
  /// What standard input holds.
  let input: String

  init(
    _ schema: String, _ arguments: String, status: Int32 = 0, shows: [String: JSONInstance] = [:],
    has: [String] = [], on stream: Stream = .output, input: String = ""
  ) {
    self.schema = schema
    self.arguments = arguments.split(separator: " ").map(String.init)
    self.status = status
    self.shows = shows
    self.has = has
    self.stream = stream
    self.input = input
  }

  var description: String { "deq " + arguments.joined(separator: " ") }
}

/// A state, and the report that a command gave in it.
struct ReportedState {
  let state: ReportState
  let status: Int32
  let report: JSONInstance
}

enum ReportStates {
  /// Every command, in every state in which its report has other keys or another verdict.
  static let all = comparisons + conversions + others

  private static let comparisons = [
    ReportState(
      "report", "check mlp.json mlp.deq.json --json",
      shows: ["verdict": "proved", "function.method": "equations", "parameters.verdict": "proved"],
      has: ["offPattern"]),
    ReportState(
      "report", "check mlp.json mlp.deq.json --precision float32 --json", shows: ["precision": "float32"]),
    ReportState("report", "check - mlp.json --json", shows: ["verdict": "proved"], input: Examples.network),
    ReportState(
      "report", "check --stack one.json mlp.json --against stack.deq.json --json",
      shows: ["verdict": "proved"]),
    ReportState(
      "report", "check mlp.json near.json --search 40 --json", shows: ["verdict": "agrees"],
      has: ["search", "function.reason"]),
    ReportState(
      "report", "check mlp.json near.json --search 0 --require-proof --json", status: 2,
      shows: ["verdict": "agrees"]),
    ReportState(
      "report", "check mlp.json wrong.json --json", status: 1,
      shows: ["verdict": "refuted", "function.verdict": "refuted"],
      has: ["counterexample.origin", "function.difference.row", "function.difference.column"]),
    ReportState("report", "check lin.json neg.deq.json --json", status: 1, has: ["counterexample"]),
    ReportState("report", "check bump.json flat.json --json", status: 1, has: ["search.foundBy"]),
    ReportState(
      "report", "check noeq.json noeq.deq.json --samples 4 --search 0 --json", status: 2,
      shows: ["verdict": "undecided"]),
    ReportState(
      "report", "check mlp.json loop.json --json", status: 1,
      shows: ["verdict": "refuted", "inputGradient.verdict": "nothingShared", "samples.drawn": 0]),
    ReportState(
      "report", "check backedge.json backedge.deq.json --samples 4 --json",
      shows: ["function.unique": false]),
    ReportState("report", "check eq2.json eq2.deq.json --samples 4 --search 0 --json", status: 2),
    ReportState(
      "report", "check mlp.json swapped.json --json", shows: ["parameters.verdict": "differs"]),
    ReportState("report", "check gA.json gB.json --samples 4 --json"),
    ReportState("report", "check finer.json finer.deq.json --json"),
    ReportState("report", "check kink.json kink.deq.json --json"),
    ReportState(
      "report", "check plain.json plain.json --json", shows: ["parameters.verdict": "nothingShared"]),
    ReportState("report", "check loop.json loop.json --solver newton --json", shows: ["verdict": "proved"]),
    ReportState(
      "report",
      "check loop.json loop.json --tolerance 1e-6 --absolute-tolerance 1e-9 --maximum-iterations 90 --memory 3 "
        + "--damping 0.5 --json",
      shows: ["verdict": "proved", "options.memory": 3], has: ["solver.forward.stages.endings"]),
  ]

  private static let conversions = [
    ReportState(
      "report", "convert mlp.json -o a.json --json", shows: ["command": "convert", "verdict": "proved"]),
    ReportState("report", "convert mlp.json --matrix -o b.json --json", shows: ["verdict": "proved"]),
    ReportState(
      "report", "convert mlp.json --tolerance 1e-9 -o g.json --json",
      shows: ["options.tolerance": .number(1e-9)]),
    ReportState("report", "convert mlp.json --no-check -o c.json --json", shows: ["verdict": "unchecked"]),
    ReportState("report", "convert --stack one.json mlp.json -o d.json --json", shows: ["verdict": "proved"]),
    ReportState(
      "report", "convert mlp.json -o - --json", shows: ["verdict": "proved"], on: .errors),
    ReportState(
      "report", "convert one.json bad.json missing.json mlp.json --force --json", status: 66,
      shows: ["summary.proved": 2, "summary.failed": 2]),
    ReportState(
      "report", "convert one.json mlp.json --no-check --force --json", shows: ["summary.unchecked": 2]),
    ReportState(
      "report", "recover mlp.deq.json -o e.json --json", shows: ["command": "recover", "verdict": "proved"]),
    ReportState(
      "report", "recover mlp.deq.json --no-check -o f.json --json", shows: ["verdict": "unchecked"]),
  ]

  private static let others = [
    ReportState("evaluate", "evaluate mlp.json", has: ["gradients"], input: Examples.samples),
    ReportState("evaluate", "evaluate mlp.json", input: #"{"input": [[1, 1]]}"#),
    ReportState(
      "evaluate", "evaluate mlp.json --json", shows: ["command": "evaluate"], has: ["gradients"],
      input: Examples.samples),
    ReportState("evaluate", "evaluate mlp.deq.json --json", has: ["solver"], input: #"{"input": [[1, 1]]}"#),
    ReportState(
      "evaluate", "evaluate loop.json --state --trace --spectral-radius",
      has: ["state", "adjoint", "gradients"],
      input: #"{"input": [[1]], "cotangent": [[1]]}"#),
    ReportState(
      "evaluate", "evaluate loop.json --at-iterations 0,3 --correction linear:0.5 --state",
      shows: ["trajectory.iteration": 3, "trajectory.updates": 1],
      has: ["trajectory.weight", "trajectory.state.z"],
      input: #"{"input": [[1]], "cotangent": [[1]]}"#),
    ReportState(
      "evaluate", "evaluate loop.json --gradients neumann:3 --json", has: ["gradientEstimate", "gradients"],
      input: #"{"input": [[1]], "cotangent": [[1]]}"#),
    ReportState(
      "evaluate", "evaluate step.json --trace", status: 1, has: ["samples", "solver.forward.trace.stage"],
      input: #"{"input": [[-1], [1]], "cotangent": [[1], [1]]}"#),
    ReportState(
      "evaluate", "evaluate loop.json --solver anderson --json", has: ["solver"],
      input: #"{"input": [[1]], "cotangent": [[1]]}"#),
    ReportState("inspect", "inspect mlp.json --json", shows: ["format": "network", "layers": 2]),
    ReportState("inspect", "inspect mlp.deq.json --json", shows: ["form": "blocks", "nilpotencyIndex": 2]),
    ReportState("inspect", "inspect matrix.json --json", shows: ["form": "matrix"]),
    ReportState("inspect", "inspect loop.json --json", shows: ["cyclicGroups.wellPosed": true]),
    ReportState("inspect", "inspect sine.json --json", shows: ["cyclicGroups.wellPosed": .null]),
    ReportState(
      "property", "property --cases 2 --seed 2 --max-depth 2 --max-width 3 --json",
      shows: ["verdict": "proved", "seed": "2"]),
    ReportState(
      "property", "property --cases 2 --max-depth 2 --max-width 3 --memory 7 --json",
      shows: ["verdict": "proved", "options.memory": 7]),
    ReportState("fixtures", "fixtures good --json", shows: ["verdict": "proved"], has: ["fixtures.worst"]),
    ReportState("fixtures", "fixtures good --record --json", shows: ["verdict": "proved"]),
    ReportState("fixtures", "fixtures good --damping 0.5 --json", shows: ["options.damping": .number(0.5)]),
    ReportState(
      "fixtures", "fixtures bad --json", status: 1, shows: ["verdict": "refuted"], has: ["fixtures.fault"]),
    ReportState(
      "export", "export mlp.deq.json --to onnx --json", shows: ["format": "onnx", "iterations": 2]),
    ReportState(
      "generate", "generate --kind deq --width 2 --samples 1 -o models --json",
      shows: ["models.name": "deq-0"]),
    ReportState("export", "export loop.json --to onnx --json", shows: ["iterations": 1000]),
    ReportState(
      "export", "export mlp.json --to torch -o mlp.py --json", shows: ["format": "torch", "converted": true]),
    ReportState("export", "export loop.json --to svg --json", shows: ["iteratedGroups": 1]),
    ReportState(
      "export", "export mlp.json --to onnx-transition --precision float64 --json",
      shows: ["converted": true, "precision": "float64"]),
    ReportState(
      "export", "export mlp.json --to onnx -o - --json", shows: ["output": "standard output"], on: .errors),
  ]
}

extension ReportStates {
  /// What every command reported, run once for all tests.
  static let reported = Result { try run() }

  private static func run() throws -> [ReportedState] {
    let folder = TemporaryFolder()
    for (name, text) in VerdictCases.files { try folder.write(text, to: name) }
    for (name, text) in files { try folder.write(text, to: name) }
    try writeFixtures(to: folder)
    for arguments in [
      ["convert", "--stack", "one.json", "mlp.json", "-o", "stack.deq.json"],
      ["convert", "mlp.json", "--matrix", "-o", "matrix.json"],
    ] { expectQuiet(try folder.deq(arguments)) }
    return try all.map { state in
      let outcome = try folder.deq(state.arguments, input: state.input)
      let bytes = state.stream == .output ? outcome.output : outcome.errors
      return ReportedState(state: state, status: outcome.status, report: try JSONInstance(parsing: bytes))
    }
  }

  private static var files: [String: String] {
    [
      "mlp.json": Examples.network,
      "one.json": Examples.network,
      "mlp.deq.json": Examples.equilibrium,
      "near.json": Examples.equilibrium.replacing("[0.25,2]", with: "[0.25,2.0000000000000004]"),
      "wrong.json": Examples.equilibrium.replacing("[0.25,2]", with: "[0.25,7]"),
      "swapped.json": Examples.equilibrium.replacing("b.weight", with: "?")
        .replacing("a.weight", with: "b.weight").replacing("?", with: "a.weight"),
      "loop.json": Examples.loop(0.5, activation: "tanh"),
      // An equilibrium for inputs up to 0, and none above.
      "step.json": Examples.loop(2, activation: "relu"),
      "bad.json": "{}",
      "plain.json":
        #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "relu", "name": "r"}]}"#,
      // Two networks that differ where an input is beyond 50 alone.
      "flat.json":
        #"{"format": "network", "version": 1, "input": [1], "layers": [{"type": "dense", "weight": [[0]]}]}"#,
      "bump.json": #"""
      {"format": "network", "version": 1, "input": [1], "layers": [
        {"type": "dense", "weight": [[1]], "bias": [-50], "activation": "relu"}]}
      """#,
    ]
  }

  /// A folder of a fixture that passes, and one of two of which the second has another output.
  private static func writeFixtures(to folder: TemporaryFolder) throws {
    for (name, output) in [("good/a", 2), ("bad/a", 2), ("bad/b", 3)] {
      try folder.makeFolder(name)
      try folder.write(
        #"{"format": "network", "version": 1, "input": [1], "layers": [{"type": "dense", "weight": [[2]]}]}"#,
        to: "\(name)/mlp.json")
      try folder.write(#"{"input": [[1]], "output": [[\#(output)]]}"#, to: "\(name)/expected.json")
    }
    for name in ["good", "bad"] { _ = try folder.deq("fixtures", name, "--record") }
  }
}
