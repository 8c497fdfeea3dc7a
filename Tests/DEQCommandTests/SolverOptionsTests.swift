import TestSupport
import Testing

/// The options of solvers where models are compared, and what a report says of the solvers that were tried.
@Suite struct SolverOptionsTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    for (name, weight) in [("half", 0.5), ("ulp", 0.5.nextUp), ("other", 0.75)] {
      try folder.write(Examples.loop(weight, activation: "tanh"), to: "\(name).json")
    }
    try folder.write(Examples.loop(2, activation: "relu"), to: "step.json")
    try folder.write(Examples.network, to: "mlp.json")
  }

  private func report(_ arguments: String..., input: String = "", status: Int32 = 0) throws -> JSONInstance {
    let outcome = try folder.deq(arguments, input: input)
    #expect(outcome.status == status, "\(outcome.complaint)")
    return try JSONInstance(parsing: outcome.output)
  }

  // MARK: Checks

  @Test("A check says what was asked of its solvers, and every solve what it was held to")
  func options() throws {
    let found = try report(
      "check", "half.json", "ulp.json", "--tolerance", "1e-3", "--maximum-iterations", "77", "--json")
    let options: [String: JSONInstance] = [
      "solver": "picard", "tolerance": .number(1e-3), "maximumIterations": 77,
    ]
    #expect(found["options"] == .object(options))
    let paths = found.values(at: "solver").flatMap(\.elements)
    #expect(paths.count == 3)
    for path in paths {
      // Of two paths through one model the second is held to rounding.
      let expected: JSONInstance = path["path"] == "structured" ? .number(1e-3) : .number(0x1p-46)
      for key in ["forward", "adjoint"] { #expect(path.values(at: "\(key).tolerance") == [expected]) }
    }
    #expect(found.values(at: "solver.forward.maximumIterations").allSatisfy { $0 == 77 })
    let plain = try report("check", "half.json", "ulp.json", "--json")
    #expect(plain["options"] == ["solver": "picard"])
    #expect(plain.values(at: "solver.forward.tolerance").allSatisfy { $0 == .number(0x1p-46) })
  }

  @Test("What a coarse tolerance leaves open refutes nothing, and hides nothing that is larger")
  func tolerance() throws {
    for tolerance in ["1e-2", "1e-5", "1e-9"] {
      let same = try report("check", "half.json", "ulp.json", "--tolerance", tolerance, "--json")
      #expect(same["verdict"] == "agrees", "\(tolerance): \(same.values(at: "numbers"))")
      let other = try report(
        "check", "half.json", "other.json", "--tolerance", tolerance, "--json", status: 1)
      #expect(other["verdict"] == "refuted", "\(tolerance)")
    }
  }

  @Test("Without iterations there is next to nothing to compare, and so no verdict")
  func noIterations() throws {
    let found = try report(
      "check", "half.json", "ulp.json", "--maximum-iterations", "0", "--search", "0", "--json", status: 2)
    #expect(found["verdict"] == "undecided")
    // An input that saturates the unit has its equilibrium at the start.
    #expect(found.values(at: "samples.withoutValue").allSatisfy { $0.value > 8 })
  }

  @Test(
    "Parameters out of range are refused by every command that solves",
    arguments: [
      ["check", "half.json", "ulp.json"], ["convert", "mlp.json"], ["recover", "half.json"], ["property"],
      ["fixtures"],
    ])
  func usage(command: [String]) throws {
    for (arguments, complaint) in [
      (["--tolerance", "nan"], "--tolerance: expected a finite number of at least 0, found nan"),
      (["--memory", "0"], "--memory: expected a number from 1 to 1000, found 0"),
      (["--damping", "2"], "--damping: expected a number above 0 and at most 1, found 2.0"),
      (
        ["--maximum-iterations=-1"],
        "--maximum-iterations: expected a number from 0 to 1000000000, found -1"
      ),
    ] {
      let outcome = try folder.deq(command + arguments)
      #expect((outcome.status, outcome.text) == (64, ""))
      #expect(outcome.complaint.contains(complaint) && lines(of: outcome.complaint).count == 1)
    }
  }

  // MARK: Stages

  @Test("Every solver that was tried is there, with what it was tried on, how that ended, and what it took")
  func stages() throws {
    // z = relu(2 z + x) has an equilibrium for x ≤ 0 alone.
    let samples = #"{"input": [[-1], [1]]}"#
    let found = try report("evaluate", "step.json", "--trace", input: samples, status: 1)
    let solve = try #require(found.values(at: "solver.forward").first?.elements.first)
    let stages = solve.values(at: "stages").flatMap(\.elements)
    #expect(
      stages.map { $0["solver"] } == [
        "anderson", "path following", "newton", "broyden", "newton from another start", "anderson",
      ])
    #expect(stages.map { $0["samples"] } == [2, 1, 1, 1, 1, 1])
    #expect(stages.map { $0["settled"] } == [1, 0, 0, 0, 0, 0])
    #expect(stages[0].values(at: "endings").flatMap(\.elements).map { $0["samples"] } == [1, 1])
    for stage in stages.dropFirst() {
      let status = stage.values(at: "endings").flatMap(\.elements).map { $0["status"] }
      #expect(status.count == 1 && status != ["converged"])
    }
    // One block: no other has to follow, and every evaluation is some stage's, but for the I − J that is judged.
    let judging = solve["evaluations"]!.value - stages.map { $0["evaluations"]!.value }.reduce(0, +)
    #expect((0...2).contains(judging))
    let again = try report("evaluate", "step.json", "--trace", input: samples, status: 1)
    #expect(again == found)
  }

  @Test("A trace has the residuals of all stages, each row with its stage, and ends where the stage ended")
  func trace() throws {
    let found = try report("evaluate", "step.json", "--trace", input: #"{"input": [[1]]}"#, status: 1)
    let solve = try #require(found.values(at: "solver.forward").first?.elements.first)
    let (stages, rows) = (
      solve.values(at: "stages").flatMap(\.elements), solve.values(at: "trace").flatMap(\.elements)
    )
    let numbers = rows.map { Int($0["stage"]!.value) }
    #expect(numbers == numbers.sorted() && Set(numbers) == Set(stages.indices))
    for (row, number) in zip(rows, numbers) { #expect(row["solver"] == stages[number]["solver"]) }
    let newton = rows.filter { $0["solver"] == "newton" }
    #expect(newton.first?["iteration"] == 0 && newton.count > 1)
  }

  @Test("A single solver is the only stage, and its adjoint another")
  func singleStage() throws {
    let found = try report(
      "evaluate", "half.json", "--solver", "newton", "--json", input: #"{"input": [[1]], "cotangent": [[1]]}"#
    )
    for direction in ["forward", "adjoint"] {
      let solve = try #require(found.values(at: "solver.\(direction)").first?.elements.first)
      let stages = solve.values(at: "stages").flatMap(\.elements)
      #expect(stages.map { $0["solver"] } == ["newton"] && stages.map { $0["reason"] } == ["as asked for"])
      for key in ["iterations", "evaluations", "residual"] { #expect(stages[0][key] == solve[key], "\(key)") }
    }
  }
}

extension JSONInstance {
  /// The elements of an array; none of anything else.
  fileprivate var elements: [JSONInstance] { if case .array(let elements) = self { elements } else { [] } }

  /// The number; NaN of anything else.
  fileprivate var value: Double { if case .number(let value) = self { value } else { .nan } }
}
