import Blocks
import Testing

/// What the user of `evaluate` may choose, and what he may ask to see.
@Suite struct EvaluateOptionsTests {
  let folder: TemporaryFolder
  static let one = #"{"input": [[1]]}"#

  init() throws {
    folder = TemporaryFolder()
    try folder.write(Examples.loop(0.5), to: "half.json")
    try folder.write(Examples.loop(-1), to: "flip.json")
    try folder.write(Examples.loop(2, activation: "relu"), to: "step.json")
    try folder.write(Examples.network, to: "mlp.json")
  }

  private func report(_ arguments: String..., input: String = one, status: Int32 = 0) throws -> SampleReport {
    let outcome = try folder.deq(["evaluate"] + arguments, input: input)
    #expect(outcome.status == status, "\(outcome.complaint)")
    return try outcome.object(SampleReport.self)
  }

  // MARK: When to stop

  @Test("The residual of z/2 + 1 halves with every update, and a tolerance is where it is accepted")
  func trace() throws {
    let outcome = try folder.deq(
      "evaluate", "half.json", "--solver", "picard", "--absolute-tolerance", "0.01", "--trace",
      input: Self.one)
    let solve = try #require(outcome.object(EvaluateReport.self).solver?.forward.first)
    #expect(
      solve.trace?.map(\.residual.value) == [1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125])
    #expect(solve.trace?.map(\.iteration) == Array(0...7))
    #expect(try outcome.object(SampleReport.self).output == [[2 - 0.015625]])
  }

  @Test("A relative tolerance is measured against the state, and adds to an absolute one")
  func relativeTolerance() throws {
    let arguments = ["half.json", "--solver", "picard", "--json", "--tolerance", "0.1"]
    // Residuals 1, ½, ¼, ⅛ at 0, 1, 3/2, 7/4: a tenth of the last is the first that is more.
    #expect(try report("half.json", "--solver", "picard", "--json", "--tolerance", "0.1").output == [[1.75]])
    let both = try folder.deq(["evaluate"] + arguments + ["--absolute-tolerance", "0.1"], input: Self.one)
    #expect(try both.object(SampleReport.self).output == [[1.5]])
  }

  @Test("A tolerance holds for the adjoint too")
  func adjoint() throws {
    let found = try report(
      "half.json", "--solver", "picard", "--json", "--absolute-tolerance", "0.01",
      input: #"{"input": [[0]], "cotangent": [[1]]}"#)
    #expect(found.samples[0].forward.iterations == 0)
    #expect(found.samples[0].adjoint?.iterations == 7)
    #expect(found.gradients?.input == [[2 - 0.015625]])
  }

  @Test("Updates are counted: one less than it takes is out of iterations")
  func iterations() throws {
    let arguments = [
      "evaluate", "half.json", "--solver", "picard", "--absolute-tolerance", "0.01", "--maximum-iterations",
    ]
    #expect(try folder.deq(arguments + ["7"], input: Self.one).status == 0)
    let outcome = try folder.deq(arguments + ["6"], input: Self.one)
    #expect((outcome.status, outcome.text) == (1, ""))
    #expect(
      outcome.complaint.contains("picard out of iterations after 6 updates: the residual is still 0.0156"))
  }

  // MARK: How

  @Test("Damping by one half brings z = −z + 1, round which plain iteration swings, to rest at once")
  func damping() throws {
    #expect(try folder.deq("evaluate", "flip.json", "--solver", "picard", input: Self.one).status == 1)
    let found = try report("flip.json", "--solver", "picard", "--damping", "0.5", "--json")
    #expect(found.output == [[0.5]])
    #expect(found.samples[0].forward.iterations == 1)
  }

  @Test(
    "Every solver takes its parameters",
    arguments: [
      ["structured", "--memory", "3", "--damping", "0.9"], ["anderson", "--memory", "1"],
      ["broyden", "--memory", "1"],
      ["newton", "--memory", "7"], ["picard", "--damping", "0.75"],
    ])
  func parameters(arguments: [String]) throws {
    let outcome = try folder.deq(["evaluate", "half.json", "--solver"] + arguments, input: Self.one)
    #expect(outcome.status == 0)
    #expect(abs(try outcome.object(EvaluateReport.self).output[0][0] - 2) < 1e-13)
  }

  @Test("float32 computes in single precision: the output is a Float, as near to 1/0.9 as it can tell")
  func precision() throws {
    try folder.write(Examples.loop(0.1), to: "tenth.json")
    let found = try report("tenth.json", "--precision", "float32", "--json")
    let output = try #require(found.output[0].first)
    #expect(Double(Float(output)) == output)
    #expect(abs(output - 1 / 0.9) < 1e-6 && output != 1 / 0.9)
    let double = try #require(try report("tenth.json", "--json").output[0].first)
    #expect(abs(double - 1 / 0.9) < 1e-15)
  }

  // MARK: Where to begin

  @Test("A state that --state wrote is one to start from: nothing is left to do there")
  func warmStart() throws {
    let samples = #"{"input": [[1], [2]]}"#
    try folder.write(samples, to: "x.json")
    let cold = try report(
      "half.json", "--input", "x.json", "--solver", "picard", "--start", "zeros", "--state")
    #expect(cold.samples.allSatisfy { $0.forward.iterations > 40 })
    #expect(cold.state?["z"] == cold.output)
    _ = try folder.deq("evaluate", "half.json", "--input", "x.json", "--state", "-o", "state.json")
    for solver in ["picard", "anderson", "broyden", "newton", "structured"] {
      let warm = try report(
        "half.json", "--input", "x.json", "--solver", solver, "--start", "state.json", "--json")
      #expect(warm.samples.allSatisfy { $0.forward.iterations == 0 })
      #expect(warm.output == [[2], [4]])
    }
  }

  @Test("One row is a start for every sample, and the start decides which equilibrium is found")
  func oneStart() throws {
    // z = relu(2 z − 1) rests at 0 and at 1.
    for start in [0.0, 1] {
      try folder.write("{\"state\": {\"z\": [[\(start)]]}}", to: "start.json")
      let found = try report(
        "step.json", "--start", "start.json", "--json", input: #"{"input": [[-1], [-1]]}"#)
      #expect(found.output == [[start], [start]])
    }
  }

  @Test(
    "A start that does not fit is bad data, with its place",
    arguments: [
      (#"{"z": [[1]]}"#, #"expected the key "state", found none"#),
      (#"{"state": {}}"#, #"state: expected the key "z", found none"#),
      (#"{"state": {"z": [[1]], "y": [[1]]}}"#, #"state: expected the names of blocks, found "y""#),
      (#"{"state": {"z": [[1, 2]]}}"#, "state.z[0]: expected 1 number (the size of the block), found 2"),
      (
        #"{"state": {"z": [[1], [2], [3]]}}"#,
        "state.z: expected 2 rows (one for each sample, or one for all), found 3"
      ),
      (#"{"state": {"z": [[1e400]]}}"#, "state.z[0][0]: expected a finite number, found 1e400"),
    ])
  func badStart(text: String, complaint: String) throws {
    try folder.write(text, to: "start.json")
    expectFailure(
      try folder.deq("evaluate", "half.json", "--start", "start.json", input: #"{"input": [[1], [2]]}"#), 65,
      "start.json: \(complaint)")
  }

  // MARK: Sample by sample

  @Test("A sample without an equilibrium takes nobody's answer away in a report, and the exit status says so")
  func oneBadSample() throws {
    let samples = #"{"input": [[-1], [1], [-2]], "cotangent": [[1], [1], [1]]}"#
    let outcome = try folder.deq("evaluate", "step.json", "--json", input: samples)
    #expect(outcome.status == 1)
    let message = "step.json: equilibrium: none found for sample 1 (blocks z): "
    #expect(outcome.complaint.contains("{\"message\": \"\(message)"))
    let found = try outcome.object(SampleReport.self)
    #expect(found.output == [[0], [], [0]])
    #expect(found.gradients?.input == [[0], [], [0]])
    #expect(found.samples.map { $0.forward.status == "converged" } == [true, false, true])
    #expect(found.samples.map { $0.adjoint?.status } == ["converged", nil, "converged"])
    let plain = try folder.deq("evaluate", "step.json", input: samples)
    #expect(plain.status == 1)
    #expect(try plain.object(EvaluateReport.self).output == [[0], [], [0]])
    let last = lines(of: plain.complaint).last ?? ""
    #expect(last.hasPrefix("deq: step.json: equilibrium: none found for sample 1 (blocks z): "))
  }

  @Test("Gradients of parameters are summed over the samples that have them")
  func partialSum() throws {
    let outcome = try folder.deq(
      "evaluate", "step.json", "--json", "--start", "zeros",
      input: #"{"input": [[-1], [1]], "cotangent": [[1], [1]]}"#)
    let alone = try folder.deq(
      "evaluate", "step.json", "--json", "--start", "zeros", input: #"{"input": [[-1]], "cotangent": [[1]]}"#)
    for name in ["Wz[z,z]", "b[z]"] {
      let own = try alone.object(EvaluateReport.self).gradients?[name]
      #expect(own != nil)
      #expect(try outcome.object(EvaluateReport.self).gradients?[name] == own)
    }
  }

  @Test(
    "Estimates of the gradient of 1 / (1 − ½): sums of halves that are cut off",
    arguments: [
      ("exact", 2), ("jacobian-free", 1), ("neumann:1", 1), ("neumann:3", 1.75),
      // ½ · (1 + ¾): an update damped by a half shrinks by ¾.
      ("phantom:1,0.5", 0.5), ("phantom:2,0.5", 0.875),
    ])
  func estimates(estimate: String, expected: Double) throws {
    let samples = #"{"input": [[1]], "cotangent": [[1]]}"#
    let found = try report("half.json", "--gradients", estimate, "--json", input: samples)
    #expect(abs(try #require(found.gradients?.input[0].first) - expected) < 1e-13)
    #expect(found.samples[0].adjoint?.status == (estimate == "exact" ? "converged" : nil))
    // An implicit layer in a network is estimated alike.
    let model = Examples.loop(0.5).replacing(#""format": "equilibrium", "version": 1, "#, with: "")
    try folder.write(
      #"{"format": "network", "version": 1, "input": [1], "#
        + #""layers": [{"type": "equilibrium", "name": "e", "model": \#(model)}]}"#, to: "net.json")
    let layer = try report("net.json", "--gradients", estimate, "--json", input: samples)
    #expect(layer.gradients?.input == found.gradients?.input)
  }

  @Test(
    "Estimates that do not exist are refused",
    arguments: [
      "exacter", "neumann", "neumann:0", "neumann:x", "phantom:3", "phantom:3,0", "phantom:3,1.5",
      "phantom:0,1",
    ])
  func badEstimates(estimate: String) throws {
    let outcome = try folder.deq("evaluate", "half.json", "--gradients", estimate, input: Self.one)
    #expect((outcome.status, outcome.text) == (64, ""))
    #expect(outcome.complaint.contains("--gradients"))
  }

  // MARK: What else there is to see

  @Test(
    "The spectral radius of a loop is its weight, also where the eigenvalues turn, and 0 where nothing does")
  func spectralRadius() throws {
    #expect(abs(try radius(of: Examples.loop(0.5)).estimate.value - 0.5) < 1e-15)
    // A turn by a radian, times 0.9: both eigenvalues are complex.
    let (c, s) = (0.9 * 0.5403023058681398, 0.9 * 0.8414709848078965)
    let turn = try radius(of: matrixLoop("[[\(c), \(-s)], [\(s), \(c)]]"))
    #expect(abs(turn.estimate.value - 0.9) < 1e-12 && turn.settled)
    let nilpotent = try radius(of: matrixLoop("[[0, 5], [0, 0]]"))
    #expect(nilpotent.estimate.value == 0 && nilpotent.products == 2 && nilpotent.settled)
    // Of two eigenvalues the larger one, to a thousandth or two.
    let two = try radius(of: matrixLoop("[[0.8, 3], [0, 0.7]]"))
    #expect(abs(two.estimate.value - 0.8) < 2e-3)
  }

  private func radius(of model: String) throws -> SampleReport.SpectralRadius {
    try folder.write(model, to: "radius.json")
    return try #require(
      try report("radius.json", "--spectral-radius").samples[0].spectralRadius)
  }

  private func matrixLoop(_ matrix: String) -> String {
    """
    {"format": "equilibrium", "version": 1, "input": [1],
     "blocks": [{"name": "z", "size": 2, "activation": "identity"}],
     "Wz": [{"to": "z", "from": "z", "matrix": \(matrix)}],
     "Wx": [{"to": "z", "matrix": [[1], [1]]}], "b": [], "output": "z"}

    """
  }

  @Test("Times are there where they are asked for, and nowhere else")
  func time() throws {
    let timed = try report("half.json", "--time", input: #"{"input": [[1]], "cotangent": [[1]]}"#)
    #expect(try #require(timed.seconds).forward > 0)
    #expect(try #require(timed.seconds?.adjoint) > 0)
    #expect(try report("half.json", "--time").seconds?.adjoint == nil)
    #expect(try report("half.json", "--json").seconds == nil)
  }

  // MARK: What is refused

  @Test(
    "Parameters out of range, and those that a solver does not have, are refused",
    arguments: [
      (["--tolerance=-1"], "--tolerance: expected a finite number of at least 0, found -1.0"),
      (
        ["--absolute-tolerance", "inf"],
        "--absolute-tolerance: expected a finite number of at least 0, found inf"
      ),
      (
        ["--maximum-iterations=-1"],
        "--maximum-iterations: expected a number from 0 to 1000000000, found -1"
      ),
      (["--memory", "0"], "--memory: expected a number from 1 to 1000, found 0"),
      (["--memory", "3", "--solver", "picard"], "--memory: picard remembers no steps"),
      (["--damping", "0"], "--damping: expected a number above 0 and at most 1, found 0.0"),
      (["--damping", "nan"], "--damping: expected a number above 0 and at most 1, found nan"),
      (
        ["--damping", "0.5", "--solver", "newton"],
        "--damping: newton is not damped; picard, anderson and structured are"
      ),
    ])
  func usage(arguments: [String], complaint: String) throws {
    let outcome = try folder.deq(["evaluate", "half.json"] + arguments, input: Self.one)
    #expect((outcome.status, outcome.text) == (64, ""))
    #expect(outcome.complaint.contains(complaint))
  }

  @Test(
    "A network has no state of its own",
    arguments: [["--start", "zeros"], ["--state"], ["--spectral-radius"], ["--at-iterations", "3"]])
  func network(arguments: [String]) throws {
    let outcome = try folder.deq(["evaluate", "mlp.json"] + arguments, input: #"{"input": [[1, 1]]}"#)
    expectFailure(
      outcome, 64,
      "\(arguments[0]): expected an equilibrium model, found a network; deq convert makes one of mlp.json")
  }
}
