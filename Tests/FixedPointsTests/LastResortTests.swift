import FixedPoints
import LinearAlgebra
import RealModule
import Testing

/// What is tried before "none found" is said.
@Suite("Homotopy and other starts")
struct LastResortTests {
  private let rule = StoppingRule.rounding(of: Double.self, maximumIterations: 500)

  private func tanh(_ x: Double) -> Double {
    // By the exponential of a series: no arithmetic of the product.
    let t = 2 * x / 1024
    var (term, sum) = (1.0, 1.0)
    for k in 1...12 {
      term *= t / Double(k)
      sum += term
    }
    var power = sum
    for _ in 0..<10 { power *= power }
    return (power - 1) / (power + 1)
  }

  @Test("A homotopy follows z = tanh(z + x) to the one equilibrium near its fold, where I − J is 1e-5")
  func nearFold() {
    let x = 1e-8
    let solution = Homotopy().solve(
      { state in
        Matrix(rows: 1, columns: 1, elements: [Double.tanh(state[0, 0] + x)])
      }, from: Matrix(rows: 1, columns: 1, elements: [x]), until: rule)
    #expect(solution.converged)
    // mpmath: atanh(z) − z = 1e-8 at z = 0.0031072325.
    #expect(abs(solution.state[0, 0] - 0.0031072325) <= 1e-8)
  }

  @Test("Another start finds the root that a minimum of the residual hides")
  func hidden() {
    // g(z) = z³ − 2z + 2 has a cycle of Newton's method at 0 and 1, and its one root at −1.769292354238631.
    let transition = { (state: Matrix<Double>) in
      Matrix(
        rows: state.rows, columns: 1, elements: state.elements.map { $0 - ($0 * $0 * $0 - 2 * $0 + 2) / 20 })
    }
    let start = Matrix<Double>(rows: 2, columns: 1, elements: [0.8165, 0.8165])
    let stuck = Newton().solve(
      transition, from: start, until: StoppingRule.rounding(of: Double.self, maximumIterations: 3))
    #expect(!stuck.converged)
    let solution = OtherStarts().solve(transition, from: start, until: rule)
    #expect(solution.converged)
    for root in solution.state.elements { #expect(abs(root + 1.769292354238631) <= 1e-12) }
    let again = OtherStarts().solve(transition, from: start, until: rule)
    #expect(again.state == solution.state)
  }

  @Test("Nothing finds a fixed point of z + 1 or of z + exp(−z), which have none")
  func none() {
    let transitions: [(Matrix<Double>) -> Matrix<Double>] = [
      { Matrix(rows: 1, columns: 1, elements: $0.elements.map { $0 + 1 }) },
      { Matrix(rows: 1, columns: 1, elements: $0.elements.map { $0 * $0 + 1 }) },
    ]
    for transition in transitions {
      let start = Matrix<Double>(rows: 1, columns: 1)
      for solver in [Homotopy(), OtherStarts()] as [any FixedPointSolver] {
        #expect(!solver.solve(transition, from: start, until: rule).converged)
      }
    }
  }

  @Test("Each sample follows a path of its own")
  func batch() {
    let x = [1e-8, 0.3, -1e-6]
    func problem(_ x: [Double]) -> FixedPointProblem<Double> {
      FixedPointProblem(
        value: { state in
          Matrix(rows: x.count, columns: 1, elements: zip(state.elements, x).map { Double.tanh($0 + $1) })
        }, selecting: { rows in problem(rows.map { x[$0] }) })
    }
    let start = Matrix<Double>(rows: 3, columns: 1)
    let solution = Homotopy().solve(problem(x), from: start, until: rule)
    #expect(solution.converged)
    for (z, x) in zip(solution.state.elements, x) { #expect(abs(tanh(z + x) - z) <= 1e-14) }
  }
}
