import TestSupport
import Testing

/// States on the way to an equilibrium, and losses on them, on the command line.
@Suite struct TrajectoryOptionsTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    try folder.write(Examples.loop(0.5), to: "half.json")
    try folder.write(Examples.loop(3), to: "run.json")
    try folder.write(Examples.network, to: "mlp.json")
  }

  private func report(_ arguments: String..., input: String = #"{"input": [[1]]}"#) throws -> JSONInstance {
    let outcome = try folder.deq(["evaluate"] + arguments, input: input)
    #expect(outcome.status == 0, "\(outcome.complaint)")
    return try JSONInstance(parsing: outcome.output)
  }

  private func numbers(_ values: [Double]) -> JSONInstance {
    .array(values.map { .array([.array([.number($0)])]) })
  }

  @Test("The states of z/2 + 1 from 0 are 2 − 2^(1 − k), in the order that is asked for")
  func states() throws {
    let found = try report("half.json", "--at-iterations", "3,0,1", "--state")
    #expect(JSONInstance.array(found.values(at: "trajectory.output")) == numbers([1.75, 0, 1]))
    #expect(found.values(at: "trajectory.iteration") == [3, 0, 1])
    #expect(found.values(at: "trajectory.residual") == [.number(0.125), 1, .number(0.5)])
    #expect(found.values(at: "trajectory.state.z") == found.values(at: "trajectory.output"))
    #expect(
      found.values(at: "trajectory.updates") == [0, 0, 0] && found.values(at: "trajectory.weight") == [])
    let damped = try report("half.json", "--at-iterations", "2", "--damping", "0.5")
    // A share of ¼ of what is left at each update.
    #expect(JSONInstance.array(damped.values(at: "trajectory.output")) == numbers([2 - 2 * 0.5625]))
  }

  @Test("A state that runs off is told by its numbers, whatever the equilibrium")
  func divergence() throws {
    let found = try report("run.json", "--at-iterations", "4")
    #expect(JSONInstance.array(found.values(at: "trajectory.output")) == numbers([40]))
  }

  @Test("Losses on the way add their gradients with their weights, through one update or several damped ones")
  func correction() throws {
    let samples = #"{"input": [[1]], "cotangent": [[1]]}"#
    func gradient(_ arguments: String...) throws -> JSONInstance? {
      let outcome = try folder.deq(["evaluate", "half.json", "--json"] + arguments, input: samples)
      #expect(outcome.status == 0, "\(outcome.complaint)")
      return try JSONInstance(parsing: outcome.output).values(at: "gradients.input").first
    }
    // At the equilibrium 2; behind a state on the way 1, through one update.
    let row = { (value: Double) in JSONInstance.array([.array([.number(value)])]) }
    let at = ["--at-iterations", "1,2"]
    #expect(try gradient() == row(2))
    #expect(try gradient(at[0], at[1]) == row(2))
    #expect(try gradient(at[0], at[1], "--correction", "constant") == row(4))
    #expect(try gradient(at[0], at[1], "--correction", "exponential:0.5") == row(2 + 0.5 + 0.25))
    #expect(try gradient(at[0], at[1], "--correction", "linear:0.75") == row(2 + 0.75 + 0.5))
    // ½ · (1 + ¾) through two updates damped by a half, at each state and at the equilibrium.
    #expect(
      try gradient(at[0], at[1], "--correction", "constant", "--gradients", "phantom:2,0.5") == row(3 * 0.875)
    )
  }

  @Test(
    "What cannot be is refused",
    arguments: [
      (["--correction", "constant"], "--correction: expected --at-iterations"),
      (["--at-iterations", "3,x"], "--at-iterations"), (["--at-iterations=-1"], "--at-iterations"),
      (["--at-iterations", "3", "--correction", "exponential:0"], "--correction"),
      (["--at-iterations", "3", "--correction", "linear"], "--correction"),
      (
        ["--at-iterations", "3", "--correction", "constant", "--gradients", "neumann:2"],
        "--correction: expected gradients through updates, exact, jacobian-free or phantom, found neumann:2"
      ),
    ])
  func usage(arguments: [String], complaint: String) throws {
    let outcome = try folder.deq(["evaluate", "half.json"] + arguments, input: #"{"input": [[1]]}"#)
    #expect((outcome.status, outcome.text) == (64, ""))
    #expect(outcome.complaint.contains(complaint) && lines(of: outcome.complaint).count == 1)
  }

  @Test("A state that is not finite is bad data")
  func overflow() throws {
    let outcome = try folder.deq(
      "evaluate", "run.json", "--at-iterations", "1000", input: #"{"input": [[1]]}"#)
    expectFailure(outcome, 65, "run.json: the state after 1,000 iterations is not finite")
  }
}
