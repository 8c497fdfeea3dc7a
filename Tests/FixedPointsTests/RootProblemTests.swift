import FixedPoints
import LinearAlgebra
import Testing

@Suite("Root form")
struct RootProblemTests {
  /// x² + y² − 1 = 0.
  private func circle<S: Scalar>(as: S.Type) -> RootProblem<S> {
    RootProblem(
      equation: { x, z in [x[0] * x[0] + z[0] * z[0] - 1] },
      stateDerivative: { _, z in Matrix([[2 * z[0]]]) },
      inputDerivative: { x, _ in Matrix([[2 * x[0]]]) })
  }

  @Test(
    "On the circle dy/dx = −x/y, on the branch that the start chooses",
    arguments: [-0.9, -0.3, 0, 0.6, 0.999])
  func circleBranches(x: Double) throws {
    let problem = circle(as: Double.self)
    for branch in [1.0, -1.0] {
      let y = try problem.solve(x: [x], from: [branch * 0.7])
      let expected = branch * (1 - x * x).squareRoot()
      #expect(abs(y[0] - expected) <= 1e-13)
      let derivative = try problem.derivative(x: [x], z: y)
      #expect(abs(derivative[0, 0] + x / expected) <= 1e-10)
      let pulledBack = try problem.vjp(cotangent: [3], x: [x], z: y)
      #expect(pulledBack == [3 * derivative[0, 0]] || abs(pulledBack[0] - 3 * derivative[0, 0]) <= 1e-12)
    }
  }

  @Test("At x = ±1 the branches meet and there is no derivative, however y was found")
  func circleFold() throws {
    expectNoDerivative(circle(as: Double.self), x: [1], z: [0])
    expectNoDerivative(circle(as: Double.self), x: [-1], z: [0])
    for x in [1.0, -1.0] {
      for start in [0.5, -2, 0] {
        let y = try circle(as: Double.self).solve(x: [x], from: [start])
        #expect(abs(y[0]) <= 1e-7)
        expectNoDerivative(circle(as: Double.self), x: [x], z: y)
      }
      let single = try circle(as: Float.self).solve(x: [Float(x)], from: [0.5])
      expectNoDerivative(circle(as: Float.self), x: [Float(x)], z: single)
    }
  }

  private func expectNoDerivative<S: Scalar>(_ problem: RootProblem<S>, x: [S], z: [S]) {
    let error = #expect(throws: RootProblemError.self) { try problem.derivative(x: x, z: z) }
    guard case .singular = error else {
      Issue.record("\(String(describing: error)) at z = \(z)")
      return
    }
    #expect(error?.description.hasPrefix("∂g/∂z is singular at z = [") == true)
    #expect(throws: RootProblemError.self) { try problem.vjp(cotangent: [1], x: x, z: z) }
  }

  @Test("Outside the circle there is no root, and the error says where the search ended")
  func noRoot() {
    let error = #expect(throws: RootProblemError.self) {
      try circle(as: Double.self).solve(x: [2], from: [0.7])
    }
    switch error {
    case .notConverged(_, let residual, _): #expect(residual >= 3)
    case .singular: break
    default: Issue.record("\(String(describing: error))")
    }
    #expect(throws: RootProblemError.singular(state: [0], reciprocalCondition: 0)) {
      try circle(as: Double.self).solve(x: [0.5], from: [0])
    }
  }

  /// g(x, z) = tanh(W z + U x) − z, with its derivatives.
  private func layer(
    _ weight: Matrix<Double>, _ injection: Matrix<Double>
  ) -> RootProblem<Double> {
    @Sendable func slopes(_ x: [Double], _ z: [Double]) -> [Double] {
      z.indices.map { row in
        let sum = zip(weight.row(row), z).reduce(0) { $0 + $1.0 * $1.1 }
        return Double.tanh(zip(injection.row(row), x).reduce(sum) { $0 + $1.0 * $1.1 })
      }
    }
    @Sendable func scaled(_ matrix: Matrix<Double>, _ x: [Double], _ z: [Double]) -> Matrix<Double> {
      Matrix(zip(matrix.rowArrays, slopes(x, z)).map { row, value in row.map { (1 - value * value) * $0 } })
    }
    return RootProblem(
      equation: { x, z in zip(slopes(x, z), z).map { $0 - $1 } },
      stateDerivative: { x, z in
        var result = scaled(weight, x, z)
        for index in z.indices { result[index, index] -= 1 }
        return result
      },
      inputDerivative: { x, z in scaled(injection, x, z) })
  }

  @Test("For g = f(z, x) − z the root is the equilibrium, and the derivative that of difference quotients")
  func equilibriumLayer() throws {
    var generator = SeededGenerator(seed: 41)
    let weight = weight(order: 5, spectralNorm: 0.9, using: &generator)
    let injection = generator.matrix(5, 3, as: Double.self)
    let problem = layer(weight, injection)
    let x = [0.3, -0.2, 0.9]
    let z = try problem.solve(x: x, from: [0, 0, 0, 0, 0])
    var bias = Matrix<Double>(rows: 1, columns: 5)
    bias.add(Matrix([x]), timesTransposed: injection)
    #expect(distance(Matrix([z]), plainEquilibrium(weight, bias)) <= 1e-13)
    let derivative = try problem.derivative(x: x, z: z)
    #expect(derivative.rows == 5 && derivative.columns == 3)
    let cotangent = [1.0, -2, 0.5, 3, 0.1]
    let pulledBack = try problem.vjp(cotangent: cotangent, x: x, z: z)
    for input in 0..<3 {
      var (above, below) = (x, x)
      above[input] += 1e-5
      below[input] -= 1e-5
      let upper = try problem.solve(x: above, from: z)
      let lower = try problem.solve(x: below, from: z)
      for state in 0..<5 {
        #expect(abs(derivative[state, input] - (upper[state] - lower[state]) / 2e-5) <= 1e-8)
      }
      let expected = (0..<5).reduce(0) { $0 + cotangent[$1] * derivative[$1, input] }
      #expect(abs(pulledBack[input] - expected) <= 1e-13)
    }
  }

  @Test("A strongly coupled input or a root at zero is not mistaken for a fold")
  func regularRoots() throws {
    let steep = RootProblem<Double>(
      equation: { x, z in [z[0] - 1e9 * x[0]] }, stateDerivative: { _, _ in Matrix([[1]]) },
      inputDerivative: { _, _ in Matrix([[-1e9]]) })
    #expect(try steep.derivative(x: [1], z: steep.solve(x: [1], from: [0]))[0, 0] == 1e9)
    let sine = RootProblem<Double>(
      equation: { x, z in [z[0] - Double.sin(x[0])] }, stateDerivative: { _, _ in Matrix([[1]]) },
      inputDerivative: { x, _ in Matrix([[-Double.cos(x[0])]]) })
    #expect(try sine.derivative(x: [.pi], z: sine.solve(x: [.pi], from: [0.4]))[0, 0] == -1)
  }

  @Test("Wrong sizes and values that are not finite are named")
  func malformedClosures() {
    let wide = RootProblem<Double>(
      equation: { _, z in z }, stateDerivative: { _, _ in Matrix([[1, 2]]) },
      inputDerivative: { _, _ in Matrix([[1]]) })
    #expect(throws: RootProblemError.wrongSize(quantity: "∂g/∂z", expected: "1×1", found: "1×2")) {
      try wide.derivative(x: [1], z: [1])
    }
    let undefined = RootProblem<Double>(
      equation: { _, _ in [.nan] }, stateDerivative: { _, _ in Matrix([[1]]) },
      inputDerivative: { _, _ in Matrix([[1]]) })
    #expect(throws: RootProblemError.notFinite(quantity: "g(x, z)", state: [1])) {
      try undefined.solve(x: [1], from: [1])
    }
    #expect(throws: RootProblemError.wrongSize(quantity: "the cotangent", expected: "1", found: "2")) {
      try circle(as: Double.self).vjp(cotangent: [1, 2], x: [0], z: [1])
    }
  }
}
