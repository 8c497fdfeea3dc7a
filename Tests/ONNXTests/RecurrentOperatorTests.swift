import Equivalence
import LinearAlgebra
import Networks
import Operators
import Testing

/// A recurrent layer of ONNX and the same layer in Swift, whose weights stand in PyTorch's order.
@Suite("Recurrent layers of ONNX and of the library") struct RecurrentOperatorTests {
  /// One cell of both.
  struct Cell: CustomTestStringConvertible, Sendable {
    let type: String
    let cell: RecurrentCell
    /// PyTorch's place of each of ONNX's gates.
    let order: [Int]
    var attributes: [String: Int] = [:]
    var hasPeepholes = false

    var testDescription: String { "\(type) \(attributes) \(hasPeepholes)" }
  }

  static let cells = [
    Cell(type: "RNN", cell: .rnn, order: [0]),
    Cell(type: "GRU", cell: .gru(), order: [1, 0, 2], attributes: ["linear_before_reset": 1]),
    Cell(type: "GRU", cell: .gru(resetAfter: false), order: [1, 0, 2]),
    Cell(type: "LSTM", cell: .lstm, order: [0, 3, 1, 2]),
    Cell(type: "LSTM", cell: .lstm, order: [0, 3, 1, 2], hasPeepholes: true),
  ]

  private static let (length, features, hidden) = (3, 2, 2)

  /// Numbers that single precision holds.
  private static func numbers(_ shape: Int..., seed: UInt64) -> Tensor<Double> {
    var generator = SeededGenerator(seed: seed)
    let elements = (0..<shape.reduce(1, *)).map { _ in (generator.normal() * 64).rounded() / 64 }
    return Tensor(shape: shape, elements: elements)
  }

  /// The weights of a direction in PyTorch's order.
  private static func weights(_ cell: Cell, seed: UInt64) -> RecurrentWeights {
    let width = cell.order.count * hidden
    return RecurrentWeights(
      inputWeight: numbers(width, features, seed: seed), stateWeight: numbers(width, hidden, seed: seed + 1),
      inputBias: numbers(width, seed: seed + 2), stateBias: numbers(width, seed: seed + 3),
      peepholes: cell.hasPeepholes ? (0..<3).map { numbers(hidden, seed: seed + 4 + $0) } : [])
  }

  /// The numbers of a tensor with its gates in ONNX's order.
  private static func reordered(_ tensor: Tensor<Double>, _ cell: Cell) -> [Double] {
    let part = tensor.count / cell.order.count
    return cell.order.flatMap { tensor.elements[$0 * part..<($0 + 1) * part] }
  }

  private func imported(_ cell: Cell, _ weights: [RecurrentWeights], _ direction: String) throws -> Network<
    Double
  > {
    let (directions, width) = (weights.count, cell.order.count * Self.hidden)
    var builder = ModelBuilder()
    builder.input("x", ["N", .init(integerLiteral: Self.length), .init(integerLiteral: Self.features)])
    builder.initializer(
      "W", [directions, width, Self.features], weights.flatMap { Self.reordered($0.inputWeight, cell) })
    builder.initializer(
      "R", [directions, width, Self.hidden], weights.flatMap { Self.reordered($0.stateWeight, cell) })
    builder.initializer(
      "B", [directions, 2 * width],
      weights.flatMap { Self.reordered($0.inputBias!, cell) + Self.reordered($0.stateBias!, cell) })
    if cell.hasPeepholes {
      // ONNX's order is input, output, forgetting.
      builder.initializer(
        "P", [directions, 3 * Self.hidden],
        weights.flatMap { own in [0, 2, 1].flatMap { own.peepholes[$0].elements } })
    }
    builder.node("Transpose", ["x"], ["sequence"], [.ints("perm", [1, 0, 2])])
    builder.node(
      cell.type, ["sequence", "W", "R", "B"] + (cell.hasPeepholes ? ["", "", "", "P"] : []), ["states"],
      cell.attributes.map { .int($0.key, $0.value) } + [.word("direction", direction)])
    // From [length, directions, batch, hidden].
    builder.node("Transpose", ["states"], ["y"], [.ints("perm", [2, 0, 1, 3])])
    builder.output("y")
    return try builder.network()
  }

  @Test(
    "They are proved to be one function, and another where a weight, the gates or the direction differ",
    arguments: cells, RecurrentDirection.allCases)
  func oneFunction(cell: Cell, direction: RecurrentDirection) throws {
    let count = direction == .bidirectional ? 2 : 1
    let weights = (0..<count).map { Self.weights(cell, seed: UInt64(100 * $0)) }
    func network(
      _ weights: [RecurrentWeights], _ direction: RecurrentDirection, _ other: RecurrentCell? = nil
    ) throws -> Network<Double> {
      try Network(input: [Self.length, Self.features]) {
        RecurrentLayer(other ?? cell.cell, weights: weights, direction: direction, name: "r")
      }
    }
    let onnx = JudgedModel.network(try imported(cell, weights, direction.rawValue))
    var checker = EquivalenceChecker()
    checker.samples = 2
    func report(_ network: Network<Double>) -> EquivalenceReport {
      checker.check(onnx, against: .network(network))
    }
    let report = report(try network(weights, direction))
    #expect(report.proof.function.isProved, "\(report.proof.function)")
    var other = weights
    other[count - 1].stateWeight = Self.numbers(other[0].stateWeight.shape[0], Self.hidden, seed: 999)
    #expect(self.isRefuted(report: checker.check(onnx, against: .network(try network(other, direction)))))
    if direction != .bidirectional {
      let turned: RecurrentDirection = direction == .forward ? .reverse : .forward
      #expect(self.isRefuted(report: checker.check(onnx, against: .network(try network(weights, turned)))))
    }
    if case .gru(let resetAfter) = cell.cell {
      let turned = try network(weights, direction, .gru(resetAfter: !resetAfter))
      #expect(self.isRefuted(report: checker.check(onnx, against: .network(turned))))
    }
  }

  private func isRefuted(report: EquivalenceReport) -> Bool { report.verdict == .refuted }
}
