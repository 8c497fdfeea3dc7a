import ONNXImport
import Operators
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

  @Test("A convolution of one number agrees with its own matrix form, whatever the seed", arguments: 0..<12)
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
    ])
  func floatingPoint(name: String) throws {
    for seed in 0..<4 {
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
}
