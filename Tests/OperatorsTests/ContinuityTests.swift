import LinearAlgebra
import Operators
import TestSupport
import Testing

/// A nonlinearity says whether it is continuous; solvers rely on it where they measure rounding by displacements.
@Suite("Continuity of activations")
struct ContinuityTests {
  /// Activations without attributes, and those with attributes that decide whether they jump.
  private static let activations: [any Activation] =
    NonlinearityRegistry.elementwise.compactMap { try? $0.init([:]) as? any Activation } + [
      try! Hardshrink(lambda: 0), Threshold(threshold: 0.5, replacement: 0.5),
      Threshold(threshold: 0.5, replacement: 2),
    ]

  @Test("An activation jumps somewhere exactly if it does not say that it is continuous")
  func jumps() {
    // Halves, among which every jump of these functions is, and points between them.
    let points = (-64...64).map { Double($0) / 16 }
    var jumping: Set<String> = []
    for activation in Self.activations {
      func value(_ p: Double) -> Double { activation.value(at: [Matrix([[p]])], shapes: [[1]])[0, 0] }
      let isJumping = points.contains { p in
        let values = [value(p - 1e-9), value(p), value(p + 1e-9)]
        // At a pole, or outside of its domain, a function has no value to jump to.
        guard values.allSatisfy({ $0.isFinite && abs($0) < 1e6 }) else { return false }
        return abs(values[1] - values[0]) > 1e-3 || abs(values[2] - values[1]) > 1e-3
      }
      #expect(isJumping == !activation.isContinuous, "\(activation.description)")
      if isJumping { jumping.insert(type(of: activation).typeName) }
    }
    #expect(jumping == ["sign", "floor", "ceil", "round", "hardshrink", "threshold"])
  }

  @Test("Nonlinearities of several ports that may jump are the comparisons and the choice")
  func severalPorts() {
    let jumping = NonlinearityRegistry.all.filter { type in
      type.inputCount > 1 && (try? type.init([:]).isContinuous) == false
    }
    #expect(Set(jumping.map { $0.typeName }) == ["greater", "greater_equal", "equal", "where"])
  }

  @Test(
    "A nonlinearity jumps along a line of ports exactly if it does not say that it is continuous",
    arguments: OperatorExample.all)
  func everyNonlinearity(example: OperatorExample) throws {
    // Softplus jumps by log(1 + e^−threshold)/β at its threshold, and is taken for continuous nevertheless.
    guard let φ = try example.nonlinearity(), !(φ is Softplus) else { return }
    var generator = SeededGenerator(seed: 8)
    var isJumping = (0..<4).contains { _ in Line(of: φ, example.shapes, from: &generator).hasJump }
    let inputs = type(of: φ).inputCount
    if inputs > 1, !isJumping {
      isJumping = [0..<inputs, 0..<1].contains {
        Line(of: φ, example.shapes, from: &generator, throughZero: $0).hasJump
      }
    }
    #expect(isJumping == !φ.isContinuous)
  }

  @Test(
    "The nearest jump lies where an elementwise nonlinearity says, and nowhere nearer",
    arguments: OperatorExample.all)
  func distances(example: OperatorExample) throws {
    guard let φ = try example.nonlinearity() else { return }
    let inputs = [[Double]](repeating: [1.2, -0.7, 0.3], count: example.shapes.count)
    guard !φ.isContinuous else { return #expect(φ.jumpDistance(inputs.map { $0[0] }) == .infinity) }
    func value(_ p: [Double]) -> Double {
      φ.value(at: p.map { Matrix([[$0]]) }, shapes: [[Int]](repeating: [1], count: p.count))[0, 0]
    }
    for index in inputs[0].indices {
      var ports = inputs.map { $0[index] }
      for port in ports.indices.dropFirst() { ports[port] -= 0.1 * Double(port) }
      let (distance, first) = (φ.jumpDistance(ports), ports[0])
      #expect(distance > 0 && distance.isFinite)
      /// The change of the value across a place of the first port.
      func change(at place: Double) -> Double {
        var (below, above) = (ports, ports)
        (below[0], above[0]) = (place - 1e-9, place + 1e-9)
        return max(abs(value(above) - value(below)), abs(value([place] + ports[1...]) - value(below)))
      }
      #expect(max(change(at: first - distance), change(at: first + distance)) > 0.01)
      for step in -9...9 { #expect(change(at: first + distance * Double(step) / 10) < 0.01) }
    }
  }

  /// Along a line of ports a piecewise linear function has few places where its slope changes; any other that is
  /// continuous bends nearly everywhere somewhere.
  @Test("A nonlinearity is piecewise linear exactly if it says so", arguments: OperatorExample.all)
  func piecewiseLinear(example: OperatorExample) throws {
    guard let φ = try example.nonlinearity(), φ.isContinuous else { return }
    let steps = (0..<2_000).map { 16 * Double($0) / 2_000 - 8 }
    var generator = SeededGenerator(seed: 7)
    var isBent = false
    for _ in 0..<4 {
      let value = Line(of: φ, example.shapes, from: &generator).values(at: steps)
      for column in 0..<value.columns {
        let bends = (1..<steps.count - 1).count {
          let (before, here, after) = (value[$0 - 1, column], value[$0, column], value[$0 + 1, column])
          let bend = abs(before - 2 * here + after)
          return bend > 1e-11 * (abs(before) + abs(here) + abs(after))
        }
        if bends > 100 { isBent = true }
      }
    }
    #expect(isBent == !φ.isPiecewiseLinear)
  }
}

/// The values of a nonlinearity along a line through its ports. Parameters' ports keep their values.
private struct Line {
  let φ: any Nonlinearity
  let shapes: [[Int]]
  /// A point of each port, and the direction.
  let ports: [[(base: Double, direction: Double)]]

  /// A line drawn from the generator. (The samples of an example hold NaN and infinity too, which no line goes through.)
  ///
  /// - Parameter zero: The ports that are 0 at t = 0, where those of `equal` are equal, and the condition of `where` changes.
  init(
    of φ: any Nonlinearity, _ shapes: [[Int]], from generator: inout SeededGenerator,
    throughZero zero: Range<Int> = 0..<0
  ) {
    self.φ = φ
    self.shapes = shapes
    let inputs = type(of: φ).inputCount
    ports = shapes.enumerated().map { port, shape in
      let size = shape.reduce(1, *)
      let base = (0..<size).map { _ in zero.contains(port) ? 0 : 0.2 + generator.uniform() }
      let direction = (0..<size).map { _ in port < inputs ? 2 * generator.uniform() - 1 : 0 }
      return zip(base, direction).map { ($0, $1) }
    }
  }

  /// The values at base + t · direction, one row for each t.
  func values(at steps: [Double]) -> Matrix<Double> {
    let batch = ports.map { port in
      Matrix(
        rows: steps.count, columns: port.count,
        elements: steps.flatMap { t in port.map { $0.base + t * $0.direction } })
    }
    return φ.value(at: batch, shapes: shapes)
  }

  /// Whether the function jumps somewhere in −8…8.
  var hasJump: Bool {
    let steps = (0...400).map { Double($0) / 25 - 8 }
    let coarse = values(at: steps)
    return (0..<coarse.columns).contains { column in
      (1..<steps.count).contains { step in
        let ends = (coarse[step - 1, column], coarse[step, column])
        return isJump(of: column, from: (steps[step - 1], ends.0), to: (steps[step], ends.1))
      }
    }
  }

  /// Whether halving a step again and again, each time to the half in which the function changes more, leaves a change.
  private func isJump(
    of column: Int, from: (t: Double, value: Double), to: (t: Double, value: Double)
  ) -> Bool {
    var (low, high) = (from, to)
    for _ in 0..<34 {
      guard abs(high.value - low.value) > 0.02 else { return false }
      let t = (low.t + high.t) / 2
      let middle = (t: t, value: values(at: [t])[0, column])
      if abs(middle.value - low.value) > abs(high.value - middle.value) {
        high = middle
      } else {
        low = middle
      }
    }
    // At a pole a function has no value to jump to.
    return max(abs(low.value), abs(high.value)) < 1e6
  }
}
