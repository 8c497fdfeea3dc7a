import Blocks
import Conversion
import Equilibria
import LinearAlgebra
import Networks

/// A model with inputs, and with the equilibria, outputs, adjoints and gradients that a solver must find: for the tests
/// of libraries.
///
/// Every number is computed in double-double arithmetic, about 32 digits, and then rounded: it is the double that is
/// nearest to the exact value, unless that lies within `error` of the middle between two doubles.
public struct TestModel: Sendable {
  /// Upper bounds, to first order, on the errors that numbers have before they are rounded.
  public struct ErrorBounds: Sendable {
    /// The largest error of a coordinate of the state, in any sample.
    public let state: Double
    /// The same of the adjoint.
    public let adjoint: Double
    /// The larger one.
    public var largest: Double { max(state, adjoint) }
  }

  /// What it is built like.
  public let kind: TestModelKind
  /// The model as a network; equilibrium models are its layer `core`.
  public let network: Network<Double>
  /// The network's equilibrium model.
  public let model: EquilibriumModel<Double>
  /// The inputs, `[samples, inputs]`: multiples of 2⁻¹⁰.
  public let input: Matrix<Double>
  /// The cotangents of the outputs, `[samples, outputs]`: multiples of 2⁻¹⁰.
  public let cotangent: Matrix<Double>
  /// The outputs, `[samples, outputs]`.
  public let output: Matrix<Double>
  /// z*, a matrix `[samples, size]` for each block of `model`.
  public let state: [Matrix<Double>]
  /// The adjoint g = Jᵀ g + e, likewise.
  public let adjoint: [Matrix<Double>]
  /// The gradients of Σ ⟨cotangent, output⟩, those of parameters summed over samples.
  public let gradients: Gradients<Double>
  /// Bounds on the errors before rounding.
  public let error: ErrorBounds
  /// The least distance from a point at which the model has no derivative; infinite where it always has one.
  public let distanceToKink: Double

  /// The least distance from kinks that is accepted: a solver need not find a state better than this.
  public static let leastDistanceToKink = 0x1p-16

  /// Test model `index` of a kind; seed, kind, index and size determine it.
  public init(_ kind: TestModelKind, index: Int, seed: UInt64, size: TestModelSize = TestModelSize()) {
    let own = mix64(seed ^ mix64(UInt64(index) << 8 | UInt64(TestModelKind.allCases.firstIndex(of: kind)!)))
    var attempt: UInt64 = 0
    while true {
      // Some draws have a state at a kink, or one that is found with fewer digits.
      if let model = TestModel(kind, drawnBy: SeededGenerator(seed: own &+ attempt), size) {
        self = model
        return
      }
      attempt += 1
    }
  }

  private init?(_ kind: TestModelKind, drawnBy generator: SeededGenerator, _ size: TestModelSize) {
    var draws = DyadicDraws(generator: generator)
    let seed = draws.generator.next()
    let weights = DyadicDraws(generator: SeededGenerator(seed: seed))
    network = kind.network(weights, size)
    model = EquilibriumModel(converting: network)
    self.kind = kind
    let samples = size.samples
    input = Matrix(
      rows: samples, columns: model.inputSize, elements: draws.numbers(samples * model.inputSize, within: 2))
    cotangent = Matrix(
      rows: samples, columns: model.outputSize, elements: draws.numbers(samples * model.outputSize, within: 1)
    )
    guard let found = PreciseResults(of: model, input: input, cotangent: cotangent) else { return nil }
    guard found.distanceToKink >= Self.leastDistanceToKink else { return nil }
    (state, adjoint, gradients) = (found.state, found.adjoint, found.gradients)
    error = ErrorBounds(
      state: powerOfTwo(above: found.stateError), adjoint: powerOfTwo(above: found.adjointError))
    distanceToKink = found.distanceToKink
    output = state[model.output]
  }

  /// The parameters and their names, in the order of the model.
  public var parameters: [(name: String, tensor: Tensor<Double>)] {
    var seen: Set<String> = []
    return model.blocks.flatMap { block in
      block.terms.compactMap { term in
        term.parameter.flatMap { name in term.map.parameter.map { (name, $0) } }
      }
        + block.offsets.compactMap { offset in offset.parameter.map { ($0, offset.tensor) } }
    }.filter { seen.insert($0.0).inserted }
  }
}

extension TestModelKind {
  fileprivate func network(_ draws: DyadicDraws, _ size: TestModelSize) -> Network<Double> {
    switch self {
    case .mlp: Recipe.mlp(draws, size)
    case .cnn: Recipe.cnn(draws, size)
    case .transformer: Recipe.transformer(draws, size)
    case .deq: Recipe.deq(draws, size)
    case .mondeq: Recipe.mondeq(draws, size)
    case .multiscale: Recipe.multiscale(draws, size)
    }
  }
}

/// The next power of two: bounds are computed with an inverse of double precision, whose last digits belong to the
/// machine.
private func powerOfTwo(above value: Double) -> Double {
  Double(sign: .plus, exponent: value.exponent + 1, significand: 1)
}

/// The results of all samples, rounded.
private struct PreciseResults {
  var state: [Matrix<Double>] = []
  var adjoint: [Matrix<Double>] = []
  var gradients = Gradients(input: Matrix<Double>(rows: 0, columns: 0), parameters: ParameterTensors())
  var stateError = 0.0
  var adjointError = 0.0
  var distanceToKink = Double.infinity

  /// The results; nil where a sample has none.
  init?(of model: EquilibriumModel<Double>, input: Matrix<Double>, cotangent: Matrix<Double>) {
    let precise = PreciseModel(model)
    var solutions: [PreciseSolution] = []
    var sums: [String: (shape: [Int], elements: [DoubleDouble])] = [:]
    for sample in 0..<input.rows {
      let x = Array(input.row(sample))
      guard let solution = PreciseSolution(of: precise, input: x, cotangent: Array(cotangent.row(sample)))
      else { return nil }
      let input = x.map(DoubleDouble.init)
      for (block, s) in solution.portCotangents.enumerated() {
        precise.addGradients(s, of: block, state: solution.state, input: input, to: &sums)
      }
      distanceToKink = min(distanceToKink, precise.distanceToKink(solution.state, input: input))
      solutions.append(solution)
    }
    stateError = solutions.map(\.stateError).max() ?? 0
    adjointError = solutions.map(\.adjointError).max() ?? 0
    func matrices(_ vectors: (PreciseSolution) -> [[DoubleDouble]]) -> [Matrix<Double>] {
      model.blocks.indices.map { block in
        Matrix(
          rows: solutions.count, columns: model.blocks[block].size,
          elements: solutions.flatMap { vectors($0)[block].map(\.rounded) })
      }
    }
    state = matrices(\.state)
    adjoint = matrices(\.adjoint)
    gradients.input = Matrix(
      rows: solutions.count, columns: input.columns,
      elements: solutions.flatMap { $0.inputGradient.map(\.rounded) })
    for name in precise.parameterNames {
      let sum = sums[name]!
      gradients.parameters.add(Tensor(shape: sum.shape, elements: sum.elements.map(\.rounded)), to: name)
    }
  }
}
