import DeepEquilibrium
import Foundation
import Testing

/// States on the way to an equilibrium and losses on them, as TorchDEQ has them (`Tests/Oracles/trajectories.py`): of a model
/// with a block that follows from the one iterated on, and an explicit one behind.
@Suite("Trajectories")
struct TrajectoryTests {
  typealias Numbers = InexactGradientTests.Numbers

  struct Case: Decodable {
    let iterations: [Int]
    let damping: Double
    let steps: Int
    let tau: Double
    let weight: String
    let gamma: Double
    let outputs: [[[Double]]]
    let gradients: [String: Numbers]

    var weights: CorrectionWeights { weight == "exp" ? .exponential(gamma) : .linear(gamma) }
  }

  struct Oracle: Decodable {
    let model: String
    let input, cotangent: [[Double]]
    let cases: [Case]
  }

  let oracle: Oracle
  let model: EquilibriumModel<Double>

  init() throws {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Oracles/trajectories.json")
    oracle = try JSONDecoder().decode(Oracle.self, from: Data(contentsOf: url))
    guard
      case .equilibrium(let model) = try ModelFile.read(
        FileContents(Array(oracle.model.utf8), named: "model"))
    else { throw InvalidModel("no equilibrium model") }
    self.model = model
  }

  private func states(_ found: Case, steps: Int? = nil) -> [TrajectoryState<Double>] {
    model.trajectory(
      Matrix(oracle.input), at: found.iterations, by: Picard(damping: found.damping),
      tracking: steps ?? found.steps, damping: found.tau)
  }

  /// The gradients of the weighted sum of losses.
  private func gradients(_ found: Case, steps: Int? = nil) -> [String: [Double]] {
    var sums: [String: [Double]] = [:]
    for (index, state) in states(found, steps: steps).enumerated() {
      let weight = found.weights.weight(of: index, among: found.iterations.count)
      let own = model.backpropagate(
        Matrix(oracle.cotangent.map { $0.map { weight * $0 } }), through: state)
      let named =
        [("input", own.input.elements)] + own.parameters.names.map { ($0, own.parameters[$0]!.elements) }
      for (name, numbers) in named {
        sums[name] = sums[name].map { zip($0, numbers).map { $0 + $1 } } ?? numbers
      }
    }
    return sums
  }

  private func distance(_ found: [Double]?, _ expected: [Double]) -> Double {
    guard let found, found.count == expected.count else { return .infinity }
    let size = expected.map { abs($0) }.max() ?? 0
    return (zip(found, expected).map { abs($0 - $1) }.max() ?? 0) / size
  }

  @Test("States, weights and gradients are TorchDEQ's")
  func torchdeq() throws {
    #expect(oracle.cases.count == 4)
    for found in oracle.cases {
      for (state, output) in zip(states(found), found.outputs) {
        #expect(distance(state.output.elements, output.flatMap { $0 }) < 1e-14)
      }
      let own = gradients(found)
      for (name, numbers) in found.gradients {
        #expect(distance(own[name], numbers.elements) < 1e-12, "\(found.iterations): \(name)")
      }
    }
  }

  @Test("Another number of updates, of iterations or another damping gives other gradients")
  func faults() throws {
    for found in oracle.cases {
      let others = [
        gradients(found, steps: found.steps + 1),
        gradients(
          Case(
            iterations: found.iterations.map { $0 + 1 }, damping: found.damping, steps: found.steps,
            tau: found.tau,
            weight: found.weight, gamma: found.gamma, outputs: [], gradients: [:])),
      ]
      for other in others {
        #expect(distance(other["W"], found.gradients["W"]!.elements) > 1e-6, "\(found.iterations)")
      }
    }
  }

  @Test("With every iteration tracked, gradients are those of difference quotients of the unrolled loop")
  func differences() throws {
    let x = Matrix(oracle.input)
    let cotangent = Matrix(oracle.cotangent)
    func value(_ x: Matrix<Double>) -> Double {
      let output = model.trajectory(x, at: [6], tracking: 0)[0].output
      return zip(output.elements, cotangent.elements).reduce(0) { $0 + $1.0 * $1.1 }
    }
    // From zeros, six updates that are all tracked: nothing is held.
    let state = model.trajectory(x, at: [0], tracking: 6)[0]
    let gradient = model.backpropagate(cotangent, through: state).input
    for index in x.elements.indices {
      var (above, below) = (x, x)
      above.elements[index] += 1e-5
      below.elements[index] -= 1e-5
      #expect(abs((value(above) - value(below)) / 2e-5 - gradient.elements[index]) < 1e-9)
    }
  }

  @Test("Other solvers are asked for their best, which comes to the equilibrium sooner")
  func solvers() throws {
    let x = Matrix(oracle.input)
    let plain = model.trajectory(x, at: [6], tracking: 0)[0]
    for solver in [Anderson(), Broyden()] as [any FixedPointSolver] {
      let other = model.trajectory(x, at: [6], by: solver, tracking: 0)[0]
      #expect(zip(other.residuals, plain.residuals).allSatisfy { $0 < $1 }, "\(solver.name)")
    }
    let far = model.trajectory(x, at: [400], tracking: 0)[0]
    let solution = try model.equilibrium(x, by: .standard)
    #expect(distance(far.output.elements, solution.output.elements) < 1e-14)
  }

  @Test("Weights are 1 for the last state, and less for those before, as TorchDEQ's")
  func weights() {
    #expect((0..<3).map { CorrectionWeights.exponential(0.5).weight(of: $0, among: 3) } == [0.25, 0.5, 1])
    #expect(
      (0..<4).map { CorrectionWeights.linear(0.5).weight(of: $0, among: 4) } == [0.625, 0.75, 0.875, 1])
    #expect((0..<2).map { CorrectionWeights.constant.weight(of: $0, among: 2) } == [1, 1])
  }
}
