import DeepEquilibrium
import Foundation
import Testing

/// Estimates of gradients and the size of the Jacobian, as PyTorch has them (`Tests/Oracles/inexact_gradients.py`): of a
/// model with a block that follows from the one iterated on, and an explicit one behind.
@Suite("Inexact gradients and the size of the Jacobian")
struct InexactGradientTests {
  /// Rows, or a vector.
  enum Numbers: Decodable {
    case rows([[Double]])
    case vector([Double])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let vector = try? container.decode([Double].self) {
        self = .vector(vector)
      } else {
        self = .rows(try container.decode([[Double]].self))
      }
    }

    var elements: [Double] {
      switch self {
      case .rows(let rows): rows.flatMap { $0 }
      case .vector(let vector): vector
      }
    }
  }

  struct Norm: Decodable {
    let value: Double
    let gradients: [String: Numbers]
  }

  struct Oracle: Decodable {
    let model: String
    let input, cotangent, state: [[Double]]
    let jacobianFree, exact: [String: Numbers]
    let neumann, phantom: [String: [String: Numbers]]
    let jacobianNorm: Norm
  }

  let oracle: Oracle
  let model: EquilibriumModel<Double>
  let solution: EquilibriumSolution<Double>

  init() throws {
    let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Oracles/inexact_gradients.json")
    oracle = try JSONDecoder().decode(Oracle.self, from: Data(contentsOf: url))
    guard
      case .equilibrium(let model) = try ModelFile.read(
        FileContents(Array(oracle.model.utf8), named: "model"))
    else { throw InvalidModel("no equilibrium model") }
    self.model = model
    solution = try model.equilibrium(Matrix(oracle.input), by: .structured(GroupSolver()))
  }

  private func expect(
    _ found: Gradients<Double>, equals expected: [String: Numbers], _ what: String = "",
    within tolerance: Double = 1e-12
  ) {
    for (name, numbers) in expected {
      let own = name == "input" ? found.input.elements : found.parameters[name]?.elements ?? []
      #expect(own.count == numbers.elements.count, "\(what) \(name)")
      let size = numbers.elements.map { abs($0) }.max() ?? 0
      let distance = zip(own, numbers.elements).map { abs($0 - $1) }.max() ?? .infinity
      #expect(distance <= tolerance * size, "\(what) \(name): \(distance) of \(size)")
    }
  }

  @Test("One application, Neumann's series and damped updates give PyTorch's gradients")
  func estimates() throws {
    let cotangent = Matrix(oracle.cotangent)
    func estimate(_ estimate: GradientEstimate) -> Gradients<Double> {
      model.estimatedGradients(cotangent, through: solution, by: estimate)
    }
    expect(estimate(.jacobianFree), equals: oracle.jacobianFree, "jacobian-free")
    for (terms, expected) in oracle.neumann {
      expect(estimate(.neumann(terms: Int(terms)!)), equals: expected, "neumann \(terms)")
    }
    for (parameters, expected) in oracle.phantom {
      let words = parameters.split(separator: ",")
      expect(
        estimate(.phantom(steps: Int(words[0])!, damping: Double(words[1])!)), equals: expected,
        "phantom \(parameters)")
    }
    // Cut off late, the series is the gradient.
    expect(estimate(.neumann(terms: 200)), equals: oracle.exact, "exact")
  }

  @Test("An estimate is none of the others, and its iterations never count as converged")
  func estimatesDiffer() throws {
    let cotangent = Matrix(oracle.cotangent)
    let all: [GradientEstimate] = [
      .jacobianFree, .neumann(terms: 3), .neumann(terms: 6), .phantom(steps: 1, damping: 0.5),
      .phantom(steps: 5, damping: 0.5),
    ]
    let gradients = all.map { model.estimatedGradients(cotangent, through: solution, by: $0) }
    for (index, one) in gradients.enumerated() {
      for other in gradients[..<index] { #expect(one != other) }
    }
    #expect(
      model.estimatedGradients(cotangent, through: solution, by: .neumann(terms: 1))
        == gradients[0])
    let back = model.backpropagate(
      cotangent, through: solution, by: GradientEstimate.neumann(terms: 200).method)
    #expect(back.failure != nil)
  }

  @Test("The size of the Jacobian, and its gradients, are those of the whole Jacobian differentiated twice")
  func jacobianNorm() throws {
    let norm = model.jacobianNorm(at: solution)
    #expect(abs(norm.value - oracle.jacobianNorm.value) <= 1e-13 * norm.value)
    expect(
      Gradients(
        input: Matrix(oracle.jacobianNorm.gradients["input"].map { [$0.elements] }!),
        parameters: norm.gradients),
      equals: oracle.jacobianNorm.gradients, within: 1e-9)
    // What stands behind the cycle has no part in it.
    #expect(norm.gradients["C"]?.elements.allSatisfy { $0 == 0 } == true)
  }

  @Test(
    "Random signs give the size of the Jacobian, and its gradients, on average; the same seed, the same numbers"
  )
  func randomProbes() throws {
    let exact = model.jacobianNorm(at: solution)
    let random = model.jacobianNorm(at: solution, by: .random(vectors: 4000, seed: 7))
    // The standard error of 4,000 vectors is about a hundredth.
    #expect(abs(random.value / exact.value - 1) < 0.05)
    for name in ["W", "V", "U", "b"] {
      let (own, other) = (random.gradients[name]!.elements, exact.gradients[name]!.elements)
      let size = other.map { abs($0) }.max()!
      #expect(zip(own, other).allSatisfy { abs($0 - $1) < 0.15 * size }, "\(name)")
    }
    let few = JacobianProbes.random(vectors: 2, seed: 3)
    #expect(
      model.jacobianNorm(at: solution, by: few).value == model.jacobianNorm(at: solution, by: few).value)
    #expect(
      model.jacobianNorm(at: solution, by: few).value
        != model.jacobianNorm(at: solution, by: .random(vectors: 2, seed: 4)).value)
  }

  @Test("In single precision the size and its gradients have as many digits as that allows")
  func singlePrecision() throws {
    let single = model.cast(to: Float.self)
    let solution = single.solve(
      Matrix(oracle.input).cast(to: Float.self), by: .structured(GroupSolver()))
    let norm = single.jacobianNorm(at: solution)
    #expect(abs(norm.value - oracle.jacobianNorm.value) <= 1e-5 * norm.value)
    for (name, numbers) in oracle.jacobianNorm.gradients where name != "input" {
      let size = numbers.elements.map { abs($0) }.max()!
      for (own, expected) in zip(norm.gradients[name]!.elements, numbers.elements) {
        #expect(abs(Double(own) - expected) <= 1e-3 * size, "\(name)")
      }
    }
  }
}
