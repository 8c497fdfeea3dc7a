import DeepEquilibrium
import Foundation
import Testing

/// The tutorials' code, and that the page still says it.
@Suite("Tutorials")
struct TutorialTests {
  @Test("The circle is differentiated on both branches, and refused where they meet")
  func circleTutorial() throws {
    let circle = RootProblem<Double>(
      equation: { x, y in [x[0] * x[0] + y[0] * y[0] - 1] },
      stateDerivative: { _, y in Matrix([[2 * y[0]]]) },
      inputDerivative: { x, _ in Matrix([[2 * x[0]]]) })
    let upper = try circle.solve(x: [0.6], from: [1])
    let lower = try circle.solve(x: [0.6], from: [-1])
    #expect(abs(upper[0] - 0.8) < 1e-15 && abs(lower[0] + 0.8) < 1e-15)
    let slope = try circle.derivative(x: [0.6], z: upper)
    let pulledBack = try circle.vjp(cotangent: [1], x: [0.6], z: upper)
    #expect(abs(slope[0, 0] + 0.75) < 1e-15 && abs(pulledBack[0] + 0.75) < 1e-15)
    let fold = try circle.solve(x: [1], from: [1])
    let noSlope = Result { try circle.derivative(x: [1], z: fold) }
    let error = #expect(throws: RootProblemError.self) { try noSlope.get() }
    guard case .singular = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test("An equilibrium model is iterated, solved, differentiated, and confirmed by a difference quotient")
  func modelTutorial() throws {
    let W = Matrix([[0.2, -0.3], [0.4, 0.1]])
    let U = Matrix([[1.0], [-0.5]])
    let block = Block<Double>(
      name: "z", size: 2, nonlinearity: Tanh(),
      terms: [
        Term(source: .node(0), map: DenseMap(W), parameter: "W"),
        Term(source: .input, map: DenseMap(U), parameter: "U"),
      ])
    let model = try EquilibriumModel(inputShape: [1], blocks: [block], output: 0)
    let x = Matrix([[1.0]])
    var state = model.zeroState(batch: 1)
    var residuals: [Double] = []
    for _ in 0..<60 {
      let next = model.transition(state, input: x)
      residuals.append(zip(next[0].elements, state[0].elements).map { abs($0 - $1) }.max()!)
      state = next
    }
    #expect(zip(residuals, residuals.dropFirst()).prefix(20).allSatisfy { $1 < 0.5 * $0 })
    #expect(residuals.last! <= 1e-16)
    let isUnique = model.cyclicGroups.allSatisfy { model.wellPosedness(of: $0).isCertified }
    #expect(isUnique)
    let picard = try model.equilibrium(x, by: .whole(Picard()))
    let newton = try model.equilibrium(x, by: .structured(Newton()))
    for solution in [picard, newton] {
      #expect(zip(solution.output.elements, state[0].elements).allSatisfy { abs($0 - $1) < 1e-13 })
    }
    let point = model.linearization(at: newton)
    let cotangent = Matrix([[1.0, 2.0]])
    let adjoint = model.adjoint(at: point, cotangent: cotangent, by: .structured(Newton()))
    let gradients = model.gradients(at: point, adjoint: adjoint)
    let step = 1e-6
    let right = try model.equilibrium(Matrix([[1 + step]]), by: .structured(Newton())).output
    let left = try model.equilibrium(Matrix([[1 - step]]), by: .structured(Newton())).output
    let quotient =
      (right[0, 0] + 2 * right[0, 1] - left[0, 0] - 2 * left[0, 1]) / (2 * step)
    #expect(abs(gradients.input[0, 0] - quotient) < 1e-9)
    #expect(gradients.parameters["W"]?.shape == [2, 2])
  }

  @Test("Every line of code on the page stands in this file")
  func sameLines() throws {
    let page = "\(ReadmeExampleTests.root)/Sources/DeepEquilibrium/DeepEquilibrium.docc/Tutorials.md"
    let text = try String(contentsOfFile: page, encoding: .utf8)
    let test = try String(contentsOfFile: #filePath, encoding: .utf8)
    let lines = text.components(separatedBy: "```swift\n").dropFirst().flatMap {
      $0.components(separatedBy: "```")[0].split(separator: "\n")
    }
    #expect(lines.count == 39)
    for line in lines { #expect(test.contains("    \(line)\n"), "\(line)") }
  }
}
