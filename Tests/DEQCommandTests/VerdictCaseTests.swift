import ONNXImport
import Operators
import TestSupport
import Testing

/// Pairs that are different and were once proved, or agreed; pairs that are equal and were once refuted.
@Suite("Verdicts on single pairs") struct VerdictCaseTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    for (name, text) in VerdictCases.files.merging(AttackCases.files, uniquingKeysWith: { $1 }) {
      try folder.write(text, to: name)
    }
  }

  private func check(_ arguments: String...) throws -> CheckReport {
    let outcome = try folder.deq(["check"] + arguments + ["--json"])
    let report = try outcome.object(CheckReport.self)
    let status: Int32 =
      switch report.verdict {
      case "proved", "agrees": 0
      case "refuted": 1
      default: 2
      }
    #expect(outcome.status == status)
    if report.function.verdict == "refuted" {
      let found = try #require(report.counterexample)
      #expect(found.difference.first.value != found.difference.second.value)
    }
    return report
  }

  @Test("In float32 a function and its opposite are refuted: neither side's rounding is their distance")
  func opposite() throws {
    for precision in ["float32", "float64"] {
      #expect(try check("lin.json", "neg.deq.json", "--precision", precision).function.verdict == "refuted")
    }
  }

  @Test("Where rounding may be 10²⁷ times the values, the verdict is no agreement")
  func fragile() throws {
    #expect(try ["refuted", "undecided"].contains(check("lin.json", "gate.deq.json").function.verdict))
  }

  @Test("Ports of equal size and another shape are another function")
  func shapes() throws {
    #expect(try check("softmax.json", "softmax.deq.json").function.verdict == "refuted")
  }

  @Test(
    "Labels that are dropped or shared out differently: one function, other gradients of the parameters",
    arguments: ["tied", "labels", "nan"])
  func labels(name: String) throws {
    let report = try check("\(name).json", "\(name).deq.json")
    #expect((report.function.verdict, report.parameters.verdict) == ("proved", "differs"))
    #expect(report.inputGradient.verdict == "proved")
  }

  @Test(
    "Split, merged and differently partitioned blocks, and sums in another order at a kink, are proved",
    arguments: ["split", "finer", "kink"])
  func rewritten(name: String) throws {
    let report = try check("\(name).json", "\(name).deq.json")
    #expect(report.function.verdict == "proved")
    #expect(["proved", "nothingShared"].contains(report.parameters.verdict))
  }

  @Test("Numbers that contradict a proof, at a kink, are a warning")
  func warning() throws {
    #expect(try !check("kink.json", "kink.deq.json").warnings.isEmpty)
  }

  @Test("A sum that is rounded to 0 is not the exact 1 that it says")
  func roundedSum() throws {
    let report = try check("sum.json", "sum.deq.json")
    #expect(report.verdict == "refuted")
  }

  @Test("An entry of zeros that closes a cycle changes no equation", arguments: ["backedge", "backedge2"])
  func zeroBackEdge(name: String) throws {
    let report = try check("\(name).json", "\(name).deq.json")
    #expect(report.function.unique == false)
    #expect(report.verdict != "refuted" && report.verdict != "proved")
    #expect(try folder.deq("check", "\(name).json", "\(name).deq.json").text.contains("the same equations"))
  }

  @Test("A second equilibrium, or none where the other side has a value, is never agreement")
  func severalOrNone() throws {
    #expect(try ["refuted", "undecided"].contains(check("eq2.json", "eq2.deq.json").verdict))
    let none = try check("noeq.json", "noeq.deq.json")
    #expect(["refuted", "undecided"].contains(none.verdict))
    #expect(none.samples.oneSided > 0)
  }

  @Test("One unit in the last place, with several equilibria, refutes nothing")
  func severalEquilibria() throws {
    #expect(try check("sine.json", "sine-ulp.json").verdict != "refuted")
  }

  @Test("A parameter of another name is matched by what it holds and where it acts, and told")
  func renamed() throws {
    let report = try check("gA.json", "gB.json")
    #expect(report.verdict != "refuted")
    #expect(
      report.parameters.matches.contains {
        ($0.first, $0.second, $0.basis) == ("W", "V", "correspondence")
      })
    #expect(try folder.deq("check", "gA.json", "gB.json").text.contains("W ↔ V"))
  }

  @Test(
    "A convolution of one number agrees with its own matrix form, whatever the seed",
    arguments: campaign(0..<12, least: 2))
  func matrixForm(seed: Int) throws {
    for name in ["sigmoid", "property"] {
      let made = try folder.deq(
        "convert", "\(name).json", "--matrix", "-o", "\(name)-matrix.json", "--no-check")
      #expect(made.status == 0)
      let report = try check("\(name).json", "\(name)-matrix.json", "--seed", "\(seed)")
      // The mean of eleven numbers has no exact matrix of doubles.
      #expect(report.verdict == (name == "sigmoid" ? "proved" : "agrees"))
      #expect(try folder.deq("check", "\(name).json", "\(name)-matrix.json", "--seed", "\(seed)").status == 0)
    }
  }

  @Test(
    "Equal functions that floating point tells apart, by absorption, underflow or overflow, are never refuted",
    arguments: [
      "log-sigmoid", "atanh-tanh", "acosh-cosh", "log-exp", "sinh-cosh", "underflow", "denormal", "overflow",
      "equal-rounding",
    ])
  func floatingPoint(name: String) throws {
    for seed in campaign(0..<4) {
      #expect(try check("\(name).a.json", "\(name).b.json", "--seed", "\(seed)").verdict != "refuted")
    }
  }

  @Test(
    "Where one side has several equilibria and one of them is the other's, nothing is refuted and nothing agrees",
    arguments: ["branch-sigmoid", "branch-relu"])
  func branches(name: String) throws {
    #expect(try check("\(name).a.json", "\(name).b.json", "--range", "0.5,2").verdict == "undecided")
  }

  @Test(
    "A proof where everything is defined decides nothing where a comparison or a choice swallows what is not",
    arguments: ["compare-nan", "choose-nan", "nan-everywhere"])
  func undefined(name: String) throws {
    let report = try check("\(name).a.json", "\(name).b.json")
    #expect(report.function.verdict == "undecided")
  }

  @Test("A step that is hit is no agreement")
  func step() throws {
    try folder.write(#"{"input": [[1], [2], [0]]}"#, to: "hit.json")
    #expect(try check("step.a.json", "step.b.json", "--input", "hit.json").verdict == "undecided")
  }

  /// Functions of p = 7 · 3 · relu(x) and q = relu(slope · x) that jump where p = q, as layers with the last one's name `y`,
  /// and the number that each is for p = q.
  private static let jumps: [(name: String, layers: String, atEquality: Int)] = [
    ("equal", #"{"type":"equal","name":"y","inputs":["p","q"]}"#, 1),
    ("where", #"{"type":"where","name":"y","inputs":["d","one","zero"]}"#, 0),
    (
      "the square of the sign",
      #"{"type":"sign","name":"s","inputs":["d"]},{"type":"product","name":"y","inputs":["s","s"]}"#, 0
    ),
    (
      "greater or less",
      #"""
      {"type":"greater","name":"g","inputs":["p","q"]},{"type":"greater","name":"l","inputs":["q","p"]},
      {"type":"add","name":"y","inputs":["g","l"]}
      """#, 0
    ),
    (
      "ceil minus floor",
      #"""
      {"type":"ceil","name":"c","inputs":["d"]},{"type":"floor","name":"f","inputs":["d"]},
      {"type":"multiply","name":"m","factor":-1},{"type":"add","name":"y","inputs":["c","m"]}
      """#, 0
    ),
    (
      "hardshrink",
      #"""
      {"type":"dense","name":"e","weight":[[1]],"bias":[0.5],"inputs":["d"]},{"type":"hardshrink","name":"h"},
      {"type":"dense","name":"i","weight":[[-1]],"bias":[0.5],"inputs":["d"]},{"type":"hardshrink","name":"j"},
      {"type":"product","name":"y","inputs":["h","j"]}
      """#, 0
    ),
  ]

  /// A function of the two sides, and the number that it is where they are equal, as files.
  private func write(_ layers: String, slope: Int, atEquality: Int) throws {
    try folder.write(
      #"""
      {"format":"network","version":1,"input":[1],"layers":[
      {"type":"dense","name":"r","weight":[[1]],"activation":"relu"},{"type":"multiply","name":"m3","factor":3},
      {"type":"multiply","name":"p","factor":7},
      {"type":"dense","name":"q","weight":[[\#(slope)]],"activation":"relu","inputs":["input"]},
      {"type":"block","name":"d","size":1,"inputs":["p","q"],"activation":"identity",
       "terms":[{"from":"p","matrix":[[1]]},{"from":"q","matrix":[[-1]]}]},
      {"type":"dense","name":"one","weight":[[0]],"bias":[1],"inputs":["input"]},
      {"type":"dense","name":"zero","weight":[[0]],"inputs":["input"]},\#(layers)]}
      """#, to: "jump.a.json")
    try folder.write(
      #"""
      {"format":"network","version":1,"input":[1],"layers":[{"type":"dense","weight":[[0]],"bias":[\#(atEquality)]}]}
      """#, to: "jump.b.json")
  }

  @Test(
    "A function that jumps where two sides are equal is not refuted where only their rounding differs",
    arguments: campaign(jumps.indices, least: 3))
  func equalSides(index: Int) throws {
    let jump = Self.jumps[index]
    try write(jump.layers, slope: 21, atEquality: jump.atEquality)
    for precision in ["float64", "float32"] {
      let report = try check("jump.a.json", "jump.b.json", "--precision", precision)
      #expect(report.function.verdict != "refuted", "\(jump.name)")
    }
    try write(jump.layers, slope: 22, atEquality: jump.atEquality)
    #expect(try check("jump.a.json", "jump.b.json").function.verdict == "refuted", "\(jump.name)")
  }

  @Test("Gradients that are proved, but taken at a kink, are the same wherever they exist")
  func gradientsAtKink() throws {
    try folder.write(
      #"""
      {"format":"network","version":1,"input":[3],"layers":[
      {"type":"dense","name":"a","weight":[[0,0,0],[0,0,0]],"activation":"relu"}]}
      """#, to: "at-kink.a.json")
    try folder.write(
      #"""
      {"format":"network","version":1,"input":[3],"layers":[{"type":"dense","name":"a","weight":[[0,0,0],[0,0,0]]},
      {"type":"dense","name":"z","weight":[[0,0,0],[0,0,0]],"inputs":["input"]},
      {"type":"maximum","name":"m","inputs":["a","z"]}]}
      """#, to: "at-kink.b.json")
    let outcome = try folder.deq("check", "at-kink.a.json", "at-kink.b.json")
    #expect(outcome.status == 0)
    let words = outcome.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("with the same gradients wherever these exist"))
    #expect(words.contains("a kink, cancellation"))
  }
}
