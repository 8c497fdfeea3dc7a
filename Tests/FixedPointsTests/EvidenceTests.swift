import LinearAlgebra
import RealModule
import Testing

@testable import FixedPoints

@Suite("Residual trace and spectral radius")
struct EvidenceTests {
  @Test("The trace stays bounded, keeps its ends, and falls with the residual")
  func boundedTrace() {
    let solution = Picard().solve(
      componentwise { (z: Double) in 0.999 * z + 1 }, from: column([0]),
      until: .rounding(of: Double.self, maximumIterations: 20_000))
    let entries = solution.trace.entries
    #expect(solution.iterations > 10_000)
    #expect(entries.count <= ResidualTrace.capacity + 1 && entries.count > ResidualTrace.capacity / 4)
    #expect(entries.first == ResidualTrace.Entry(iteration: 0, residual: 1))
    #expect(entries.last?.iteration == solution.iterations)
    #expect(entries.last?.residual == solution.samples[0].residual)
    for (earlier, later) in zip(entries, entries.dropFirst()) {
      #expect(earlier.iteration < later.iteration && earlier.residual >= later.residual)
    }
    for entry in entries.dropLast() {
      #expect(entry.iteration.isMultiple(of: solution.trace.stride))
    }
  }

  @Test("The trace holds every iteration while there is room, the later value of one recorded twice")
  func completeTrace() {
    var trace = ResidualTrace()
    #expect(trace.entries.isEmpty)
    for iteration in 0..<ResidualTrace.capacity {
      trace.record(iteration: iteration, residual: -1)
      trace.record(iteration: iteration, residual: Double(iteration))
    }
    #expect(trace.entries.map(\.residual) == (0..<ResidualTrace.capacity).map(Double.init))
    trace.record(iteration: ResidualTrace.capacity, residual: 0)
    trace.record(iteration: ResidualTrace.capacity + 1, residual: 9)
    #expect(trace.stride == 2)
    #expect(trace.entries.last == ResidualTrace.Entry(iteration: ResidualTrace.capacity + 1, residual: 9))
    #expect(trace.entries.count == ResidualTrace.capacity / 2 + 2)
  }

  @Test("The trace shows the worst sample")
  func worstSample() {
    let solution = Picard().solve(
      rowwise([{ 0.5 * $0 }, { 0.9 * $0 }]), from: column([1, 1]),
      until: StoppingRule(relativeTolerance: 0, absoluteTolerance: 1e-6, maximumIterations: 500))
    #expect(solution.trace.entries.first?.residual == 0.5)
    let tenth = solution.trace.entries[10].residual
    #expect(abs(tenth - 0.1 * Double.pow(0.9, 10)) <= 1e-15)
    #expect(solution.trace.entries.last?.residual == solution.samples.map(\.residual).max())
  }

  @Test("Picard estimates the spectral radius of J, not its norm", arguments: [0.3, 0.9, -0.9, 0.98])
  func spectralRadius(radius: Double) {
    let weight = Matrix<Double>([[radius, 5, 1], [0, 0.2, 3], [0, 0, -0.1]])
    let solution = Picard().solve(
      transition(weight, Matrix(rows: 1, columns: 3, repeating: 1)) { $0 }, from: Matrix(rows: 1, columns: 3),
      until: .rounding(of: Double.self, maximumIterations: 3_000))
    let estimate = solution.samples[0].spectralRadiusEstimate ?? .nan
    #expect(abs(estimate - abs(radius)) <= 0.02 * abs(radius), "\(estimate)")
  }

  @Test("Of an orbit that does not converge no spectral radius is reported", arguments: [0.999, 1.2, -1])
  func noRadiusWithoutConvergence(factor: Double) {
    let solution = Picard().solve(
      componentwise { (z: Double) in factor * z + 1 }, from: column([0]),
      until: .rounding(of: Double.self, maximumIterations: 300))
    #expect(!solution.converged && solution.samples[0].spectralRadiusEstimate == nil)
  }

  @Test("Complex eigenvalues are evened out")
  func complexEigenvalues() {
    let weight = Matrix<Double>([[0.4, -0.7], [0.7, 0.4]])
    let solution = Picard().solve(
      transition(weight, Matrix([[1, 2]])) { $0 }, from: Matrix(rows: 1, columns: 2),
      until: .rounding(of: Double.self))
    let expected = (0.16 + 0.49).squareRoot()
    #expect(abs((solution.samples[0].spectralRadiusEstimate ?? .nan) - expected) <= 0.03)
  }

  @Test("The estimate is 0 for a nilpotent J, and nil without evidence or for another solver")
  func noEstimate() {
    let shift = Matrix<Double>([[0, 0, 0], [4, 0, 0], [1, 7, 0]])
    let model = transition(shift, Matrix([[1, 2, 3]])) { $0 }
    let start = Matrix<Double>(rows: 1, columns: 3)
    let nilpotent = Picard().solve(model, from: start, until: .rounding(of: Double.self))
    #expect(nilpotent.samples[0].spectralRadiusEstimate == 0)
    let immediate = Picard().solve(model, from: nilpotent.state, until: .rounding(of: Double.self))
    #expect(immediate.samples[0].spectralRadiusEstimate == nil)
    for solver in allSolvers.dropFirst() {
      let solution = solver.solve(model, from: start, until: .rounding(of: Double.self))
      #expect(solution.samples[0].spectralRadiusEstimate == nil)
    }
  }

  @Test(
    "Numbers in messages have three digits",
    arguments: [
      (9.9999e-13, "1.0e-12"), (0.9996, "1.0"), (99_960_000, "1.0e8"), (-0.00012345, "-1.23e-4"),
      (0.5, "0.5"),
      (0, "0.0"),
    ])
  func digits(number: Double, text: String) {
    #expect(threeDigits(number) == text)
  }
}
